#include "connectors/feature_store/sink/option_rows.h"

namespace millrace::feature_store {
namespace {

using R = OptionRows;
using Def = ConfigDef<OptionRows>;

constexpr int64_t kMaxMs = int64_t{1} << 40;
constexpr int32_t kMaxPort = 65'535;

void add_kafka(Def& d) {
  constexpr const char* kGroup = "Kafka";
  d.optional(&R::topic_list, {.name = "topic_list", .importance = Importance::High,
                              .doc = "Topics to read, another name of `topics`. With none of `topics`, "
                                     "`topic_list` and `topics.regex`: all that match `.*_onlinefs`.",
                              .group = kGroup});
  d.optional(&R::config_dir, {.name = "feature.store.config.dir",
                              .doc = "Folder with `onlinefs-kafka.properties`, if that is there.",
                              .group = kGroup});
  d.optional(&R::kafka_file,
             {.name = "feature.store.kafka.properties.file",
              .doc = "File of Kafka client settings in Java's syntax, absolute or in the folder above. With "
                     "`bootstrap.servers` in it, it takes the place of a data source.",
              .group = kGroup});
  d.optional(&R::data_source,
             {.name = "kafka.data.source.name",
              .doc = "Data source with the Kafka cluster to read: `kafka.data.sources.<name>.*` in names of "
                     "Kafka clients, or `kafka.data.sources.<name>` as JSON, or as JSON in the file "
                     "`kafka.data.sources.<name>.file`. Without one the worker's cluster is read.",
              .validator = non_empty_string(),
              .group = kGroup});
  d.optional(&R::own_kafka, {.name = "bring.your.own.kafka.enable",
                             .doc = "Whether the data source counts. If not, the worker's cluster is read.",
                             .group = kGroup});
  d.optional(&R::group_id, {.name = "consumer.group.id",
                            .doc = "Consumer group; empty is `connect-<name>`. `onlinefs_rondb` goes on where "
                                   "Hopsworks' service has stopped.",
                            .group = kGroup});
}

void add_ingestion(Def& d) {
  constexpr const char* kGroup = "Ingestion";
  d.optional(&R::apply_threads, {.name = "apply.threads",
                                 .doc = "Of no effect, and taken for files that have it: one thread applies the rows of "
                                        "a task.",
                                 .validator = between(0, 256),
                                 .group = kGroup});
  d.optional(&R::batch_size, {.name = "batch.size",
                              .doc = "Most records that are stored in one step.",
                              .validator = between(1, 100'000),
                              .group = kGroup});
  d.optional(&R::max_retries, {.name = "max.retries",
                               .doc = "How often a step that failed for a while is tried again before the task "
                                      "fails.",
                               .validator = at_least(0),
                               .group = kGroup});
  d.optional(&R::retry_backoff_ms, {.name = "retry.backoff.ms",
                                    .doc = "Wait before that, in milliseconds.",
                                    .validator = between(0, kMaxMs),
                                    .group = kGroup});
  d.optional(&R::upsert_mode,
             {.name = "upsert.mode",
              .doc = "Which of two rows of a key stays: `arrival`, the later one; `event_time`, the one with the "
                     "larger event time; `header`, as the header upsertIfNewer of the record says.",
              .validator = one_of({"header", "arrival", "event_time"}),
              .group = kGroup});
  d.optional(&R::ttl_enforce, {.name = "ttl.enforce",
                               .doc = "Whether rows older than their group's time to live are left out.",
                               .group = kGroup});
  d.optional(&R::storage_header, {.name = "storage.header.mode",
                                  .doc = "Whether records marked storage=offline are passed over.",
                                  .validator = one_of({"honour", "ignore"}),
                                  .group = kGroup});
  d.optional(&R::notification_topic, {.name = "notification.topic",
                                      .doc = "Topic that is told of each change; empty: none.",
                                      .group = kGroup});
  d.optional(&R::marker_retention_ms,
             {.name = "delete.marker.retention.ms",
              .doc = "How long a delete holds back older rows that come late, in milliseconds.",
              .validator = between(0, kMaxMs),
              .group = kGroup});
  d.optional(&R::topic_to_group, {.name = "topic.to.group",
                                  .doc = "Feature groups of topics whose records have no headers, "
                                         "`topic:group id` each. Their values are Avro of the group's newest "
                                         "schema, or, with a value.converter, structs and maps with its columns.",
                                  .group = kGroup});
}

void add_metadata(Def& d) {
  constexpr const char* kGroup = "Metadata";
  d.optional(&R::inline_groups, {.name = "metadata.inline",
                                 .importance = Importance::High,
                                 .doc = "Feature groups and views as JSON.",
                                 .group = kGroup});
  d.optional(&R::groups_file, {.name = "metadata.file",
                               .importance = Importance::High,
                               .doc = "The same in a file, which is read again when it changes.",
                               .group = kGroup});
  d.optional(&R::refresh_ms, {.name = "metadata.refresh.ms",
                              .doc = "Time between two looks at metadata, in milliseconds.",
                              .validator = between(1, kMaxMs),
                              .group = kGroup});
  d.optional(&R::unknown_groups,
             {.name = "metadata.unknown.groups",
              .doc = "What becomes of records whose group is not known: `none`, they fail; `schema`, the group is "
                     "made of their schema and `metadata.default.primary.key`.",
              .validator = one_of({"none", "schema"}),
              .group = kGroup});
  d.optional(&R::default_key, {.name = "metadata.default.primary.key",
                               .doc = "Primary key of such groups.",
                               .group = kGroup});
  d.optional(&R::hopsworks_url, {.name = "metadata.hopsworks.url",
                                 .doc = "REST endpoint to ask for groups, `https://HOST/hopsworks-api/api`.",
                                 .group = kGroup});
  d.optional(&R::hopsworks_key, {.name = "metadata.hopsworks.api.key",
                                 .doc = "API key for it.",
                                 .group = kGroup});
  d.optional(&R::hopsworks_ca, {.name = "metadata.hopsworks.ca.file",
                                .doc = "PEM file of authorities to trust for it; empty: the system's.",
                                .group = kGroup});
  d.optional(&R::hopsworks_timeout_ms, {.name = "metadata.hopsworks.timeout.ms",
                                        .doc = "Longest wait for an answer, in milliseconds.",
                                        .validator = between(1, kMaxMs),
                                        .group = kGroup});
}

void add_schemas(Def& d) {
  constexpr const char* kGroup = "Schemas";
  d.optional(&R::registry_urls, {.name = "schema.registry.url",
                                 .importance = Importance::High,
                                 .doc = "Schema registries, asked in turn.",
                                 .group = kGroup});
  d.optional(&R::registry_auth, {.name = "schema.registry.basic.auth",
                                 .doc = "`user:password` for them.",
                                 .group = kGroup});
  d.optional(&R::registry_key, {.name = "schema.registry.api.key",
                                .doc = "API key for them, as Hopsworks takes it.",
                                .group = kGroup});
  d.optional(&R::registry_ca, {.name = "schema.registry.ca.file",
                               .doc = "PEM file of authorities to trust for them; empty: the system's.",
                               .group = kGroup});
  d.optional(&R::registry_timeout_ms, {.name = "schema.registry.timeout.ms",
                                       .doc = "Longest wait for an answer, in milliseconds.",
                                       .validator = between(1, kMaxMs),
                                       .group = kGroup});
  d.optional(&R::schema_file, {.name = "schema.file",
                               .doc = "Folder of files `<id>.avsc`, or one file with an object of ids and schemas: "
                                      "for ids that no registry has.",
                               .group = kGroup});
}

void add_store(Def& d) {
  constexpr const char* kGroup = "Store";
  d.optional(&R::store_type, {.name = "store.type",
                              .importance = Importance::High,
                              .doc = "Where rows are kept.",
                              .validator = one_of({"rocksdb", "redis", "mysql"}),
                              .group = kGroup});
  d.optional(&R::store_path, {.name = "store.path",
                              .importance = Importance::High,
                              .doc = "Folder of the embedded store.",
                              .group = kGroup});
  d.optional(&R::checkpoint_folder,
             {.name = "store.checkpoint.dir",
              .doc = "Folder beside the store, on the same disk, for the copies that `POST /0.1.0/checkpoint` at "
                     "serving.rondb.port makes; empty: none are made.",
              .group = kGroup});
  d.optional(&R::placement, {.name = "store.placement",
                             .doc = "`single`: one task of one worker has all rows. `replica`: each worker reads "
                                    "all topics in a group of its own.",
                             .validator = one_of({"single", "replica"}),
                             .group = kGroup});
  d.optional(&R::initial_position,
             {.name = "store.initial.position",
              .doc = "Where to begin when the store knows nothing of a partition that the consumer group has read: "
                     "`fail`, at its offset (`group`), `earliest` or `latest`.",
              .validator = one_of({"fail", "group", "earliest", "latest"}),
              .group = kGroup});
  d.optional(&R::out_of_range, {.name = "store.offset.out.of.range",
                                .doc = "When the log no longer has the offset where the store goes on: `fail`, or "
                                       "begin at the `earliest` one.",
                                .validator = one_of({"fail", "earliest"}),
                                .group = kGroup});
  d.optional(&R::cache_bytes, {.name = "store.cache.bytes",
                               .doc = "Memory for blocks that were read.",
                               .validator = at_least(0),
                               .group = kGroup});
  d.optional(&R::write_buffer_bytes, {.name = "store.write.buffer.bytes",
                                      .doc = "Memory for rows that are not in files yet.",
                                      .validator = at_least(1 << 20),
                                      .group = kGroup});
}

void add_redis(Def& d) {
  constexpr const char* kGroup = "Redis";
  d.optional(&R::redis_host, {.name = "redis.host", .doc = "Host of the server.", .group = kGroup});
  d.optional(&R::redis_port,
             {.name = "redis.port", .doc = "Its port.", .validator = between(1, kMaxPort), .group = kGroup});
  d.optional(&R::redis_user, {.name = "redis.user", .doc = "User; empty: the default one.", .group = kGroup});
  d.optional(&R::redis_password, {.name = "redis.password", .doc = "Its password.", .group = kGroup});
  d.optional(&R::redis_database, {.name = "redis.database",
                                  .doc = "Number of the database.",
                                  .validator = at_least(0),
                                  .group = kGroup});
  d.optional(&R::redis_cluster, {.name = "redis.cluster",
                                 .doc = "Whether it is a cluster: offsets are written after the rows then.",
                                 .group = kGroup});
  d.optional(&R::redis_layout,
             {.name = "redis.layout",
              .doc = "`feast`: as Feast reads it; `hash`: a hash of texts for each row; `connect`: as Redis' own "
                     "Kafka sink writes it.",
              .validator = one_of({"feast", "hash", "connect"}),
              .group = kGroup});
  d.optional(&R::redis_project, {.name = "redis.feast.project",
                                 .doc = "Feast's project; empty: the group's.",
                                 .group = kGroup});
  d.optional(&R::redis_timeout_ms, {.name = "redis.timeout.ms",
                                    .doc = "Longest wait for an answer, in milliseconds.",
                                    .validator = between(1, kMaxMs),
                                    .group = kGroup});
  d.optional(&R::redis_hidden, {.name = "redis.hidden.columns",
                                .doc = "Whether deletes leave markers in event-time order.",
                                .group = kGroup});
}

void add_mysql(Def& d) {
  constexpr const char* kGroup = "MySQL";
  d.optional(&R::mysql_host, {.name = "mysql.host", .doc = "Host of the server.", .group = kGroup});
  d.optional(&R::mysql_port,
             {.name = "mysql.port", .doc = "Its port.", .validator = between(1, kMaxPort), .group = kGroup});
  d.optional(&R::mysql_socket, {.name = "mysql.socket",
                                .doc = "Its socket, in place of host and port.",
                                .group = kGroup});
  d.optional(&R::mysql_user, {.name = "mysql.user", .doc = "User.", .group = kGroup});
  d.optional(&R::mysql_password, {.name = "mysql.password", .doc = "Its password.", .group = kGroup});
  d.optional(&R::mysql_ca, {.name = "mysql.ca.file",
                            .doc = "PEM file of authorities to trust: turns on TLS.",
                            .group = kGroup});
  d.optional(&R::mysql_ndb, {.name = "mysql.ndb",
                             .doc = "Whether it is RonDB: its engine, and rows that expire there.",
                             .group = kGroup});
  d.optional(&R::mysql_create, {.name = "mysql.create.tables",
                                .doc = "Whether databases, tables and columns are made when they are missing.",
                                .group = kGroup});
  d.optional(&R::mysql_hidden, {.name = "mysql.hidden.columns",
                                .doc = "Whether tables have columns for the exact event time and for deletes.",
                                .group = kGroup});
  d.optional(&R::mysql_database, {.name = "mysql.metadata.database",
                                  .doc = "Database for offsets and ingestions.",
                                  .validator = non_empty_string(),
                                  .group = kGroup});
  d.optional(&R::mysql_rows, {.name = "mysql.rows.per.statement",
                              .doc = "Most rows of one statement.",
                              .validator = between(1, 10'000),
                              .group = kGroup});
  d.optional(&R::mysql_timeout_ms, {.name = "mysql.timeout.ms",
                                    .doc = "Longest wait for an answer, in milliseconds.",
                                    .validator = between(1, kMaxMs),
                                    .group = kGroup});
}

void add_serving(Def& d) {
  constexpr const char* kGroup = "Lookups";
  d.optional(&R::rondb_port, {.name = "serving.rondb.port",
                              .importance = Importance::High,
                              .doc = "Port for lookups as RonDB's REST server answers them, there 4406; -1: off, 0: "
                                     "any free one.",
                              .validator = between(kOff, kMaxPort),
                              .group = kGroup});
  d.optional(&R::feast_port, {.name = "serving.feast.port",
                              .importance = Importance::High,
                              .doc = "Port for lookups as Feast's server answers them, there 6566; -1: off, 0: any "
                                     "free one.",
                              .validator = between(kOff, kMaxPort),
                              .group = kGroup});
  d.optional(&R::bind, {.name = "serving.bind",
                        .doc = "Address to listen on.",
                        .validator = non_empty_string(),
                        .group = kGroup});
  d.optional(&R::api_keys_file, {.name = "serving.api.keys.file",
                                 .doc = "File of hashed API keys; empty: none is asked for.",
                                 .group = kGroup});
  d.optional(&R::serving_threads, {.name = "serving.threads",
                                   .doc = "Threads that answer.",
                                   .validator = between(1, 256),
                                   .group = kGroup});
  d.optional(&R::max_connections, {.name = "serving.max.connections",
                                   .doc = "Most connections at one time.",
                                   .validator = at_least(1),
                                   .group = kGroup});
  d.optional(&R::max_body_bytes, {.name = "serving.max.body.bytes",
                                  .doc = "Largest request.",
                                  .validator = between(1, int64_t{1} << 30),
                                  .group = kGroup});
  d.optional(&R::max_operations, {.name = "serving.max.operations",
                                  .doc = "Most operations of one batch of RonDB's API.",
                                  .validator = at_least(1),
                                  .group = kGroup});
  d.optional(&R::max_entries, {.name = "serving.max.entries",
                               .doc = "Most entities of one request for feature vectors.",
                               .validator = at_least(1),
                               .group = kGroup});
  d.optional(&R::deadline_ms, {.name = "serving.deadline.ms",
                               .doc = "Longest time for one request, in milliseconds.",
                               .validator = between(1, kMaxMs),
                               .group = kGroup});
  d.optional(&R::idle_ms, {.name = "serving.idle.ms",
                           .doc = "Longest time between two requests of a connection, in milliseconds.",
                           .validator = between(1, kMaxMs),
                           .group = kGroup});
  d.optional(&R::max_wait_ms, {.name = "serving.max.wait.ms",
                               .doc = "Longest time that a lookup may wait for an offset, in milliseconds.",
                               .validator = between(0, kMaxMs),
                               .group = kGroup});
  d.optional(&R::offline_connector, {.name = "offline.store.connector",
                                     .doc = "Connector that writes the same topics to the offline store, for "
                                            "positions that both have reached; empty: none.",
                                     .group = kGroup});
}

}  // namespace

const ConfigDef<OptionRows>& OptionRows::def() {
  static const Def def = [] {
    Def d;
    add_kafka(d);
    add_ingestion(d);
    add_metadata(d);
    add_schemas(d);
    add_store(d);
    add_redis(d);
    add_mysql(d);
    add_serving(d);
    return d;
  }();
  return def;
}

}  // namespace millrace::feature_store
