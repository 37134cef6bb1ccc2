// A Kafka client of its own for tests/support/topics.py: topics made, deleted, grown and cut off,
// transactions that end either way, and what a reader sees of a topic.
//
//   java -cp 'JARS/*' TopicTool.java BOOTSTRAP
//
// A JSON object a line, {"op", "topic", ...}, is answered by one; a refusal is {"error"}.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class TopicTool {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long LIMIT_MS = 60_000;

  private final String bootstrap;
  private final Admin admin;
  private final Map<String, KafkaProducer<String, String>> producers = new HashMap<>();

  private TopicTool(String bootstrap) {
    this.bootstrap = bootstrap;
    admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    TopicTool tool = new TopicTool(arguments[0]);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ObjectNode answer = MAPPER.createObjectNode();
      try {
        tool.answer(MAPPER.readTree(line), answer);
      } catch (Exception error) {
        answer = MAPPER.createObjectNode().put("error", String.valueOf(error));
      }
      out.println(answer);
    }
  }

  private void answer(JsonNode request, ObjectNode answer) throws Exception {
    String topic = request.get("topic").asText();
    switch (request.get("op").asText()) {
      case "create" -> create(topic, request);
      case "delete" -> delete(topic);
      case "grow" -> grow(topic, request.get("partitions").asInt());
      case "cut" -> admin.deleteRecords(Map.of(new TopicPartition(topic, 0),
          RecordsToDelete.beforeOffset(request.get("before").asLong()))).all().get();
      case "set" -> admin.incrementalAlterConfigs(Map.of(
          new ConfigResource(ConfigResource.Type.TOPIC, topic),
          List.of(new AlterConfigOp(new ConfigEntry(request.get("key").asText(),
              request.get("value").asText()), AlterConfigOp.OpType.SET)))).all().get();
      case "write" -> write(topic, request);
      case "read" -> read(topic, answer);
      default -> throw new IllegalArgumentException("no such op");
    }
  }

  private void create(String topic, JsonNode request) throws Exception {
    Map<String, String> configs = new HashMap<>();
    request.get("configs").fields().forEachRemaining(e -> configs.put(e.getKey(), e.getValue().asText()));
    admin.createTopics(List.of(new NewTopic(topic, Optional.of(request.get("partitions").asInt()),
        Optional.empty()).configs(configs))).all().get();
    await(() -> admin.describeTopics(List.of(topic)).allTopicNames().get() != null);
  }

  /** Until each partition has a leader. */
  private void grow(String topic, int count) throws Exception {
    admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(count))).all().get();
    await(() -> {
      var partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
      return partitions.size() == count && partitions.stream().allMatch(p -> p.leader() != null);
    });
    producers.values().forEach(KafkaProducer::close);  // they know the topic as it was
    producers.clear();
  }

  /** Until the broker does not know it any more. */
  private void delete(String topic) throws Exception {
    admin.deleteTopics(List.of(topic)).all().get();
    await(() -> !admin.listTopics().names().get().contains(topic));
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition) throws Exception {
    long deadline = System.currentTimeMillis() + LIMIT_MS;
    while (true) {
      try {
        if (condition.holds()) return;
      } catch (java.util.concurrent.ExecutionException error) {
        if (!(error.getCause() instanceof UnknownTopicOrPartitionException)) throw error;
      }
      if (System.currentTimeMillis() > deadline) throw new IllegalStateException("not in time");
      Thread.sleep(20);
    }
  }

  /** `end`: of the transaction, "commit" or "abort"; without it there is none. */
  private void write(String topic, JsonNode request) throws Exception {
    String end = request.path("end").asText("");
    KafkaProducer<String, String> producer = producers.computeIfAbsent(end.isEmpty() ? "" : "t", kind -> {
      Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap));
      if (!kind.isEmpty()) config.put("transactional.id", "topic-tool");
      var made = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
      if (!kind.isEmpty()) made.initTransactions();
      return made;
    });
    if (!end.isEmpty()) producer.beginTransaction();
    List<java.util.concurrent.Future<?>> sent = new ArrayList<>();
    for (JsonNode record : request.get("records")) {  // [partition, key, value]
      sent.add(producer.send(new ProducerRecord<>(topic, record.get(0).asInt(),
          record.get(1).isNull() ? null : record.get(1).asText(),
          record.get(2).isNull() ? null : record.get(2).asText())));
    }
    producer.flush();
    for (var one : sent) one.get();
    if (end.equals("commit")) producer.commitTransaction();
    if (end.equals("abort")) producer.abortTransaction();
  }

  /** Records of committed transactions and outside of any, and each partition's end. */
  private void read(String topic, ObjectNode answer) {
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
             Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed",
                 "auto.offset.reset", "earliest"),
             new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> all = new ArrayList<>();
      consumer.partitionsFor(topic).forEach(p -> all.add(new TopicPartition(topic, p.partition())));
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      ArrayNode records = answer.putArray("records");
      long deadline = System.currentTimeMillis() + LIMIT_MS;
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        if (System.currentTimeMillis() > deadline) throw new IllegalStateException("not in time");
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
          records.addArray().add(record.partition()).add(record.offset()).add(record.key())
              .add(record.value());
        }
      }
      ObjectNode told = answer.putObject("ends");
      ends.forEach((partition, end) -> told.put(String.valueOf(partition.partition()), end));
    }
  }
}
