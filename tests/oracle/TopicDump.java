import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ClassicGroupDescription;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What a broker knows of topics and groups: TopicDump BOOTSTRAP, then one command a line. Each answer ends
 * with a line `.`; fields are separated by tabs; bytes are `x` and hexadecimal digits, null is `-`.
 *
 *   topic NAME     a line with the count of partitions, then KEY VALUE of each setting made for the topic
 *   records NAME   PARTITION OFFSET KEY VALUE (HEADER=VALUE)..., by partition and in order
 *   group NAME     TYPE STATE PROTOCOL, then CLIENT-ID MEMBER-ID of each member
 */
class TopicDump {
    static final long LIMIT_S = 60;

    final Admin admin;
    final KafkaConsumer<byte[], byte[]> consumer;

    TopicDump(String bootstrap) {
        Properties config = new Properties();
        config.put("bootstrap.servers", bootstrap);
        config.put("fetch.max.wait.ms", "10");
        admin = Admin.create(config);
        consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static String hex(byte[] bytes) {
        return bytes == null ? "-" : "x" + HexFormat.of().formatHex(bytes);
    }

    static void print(String... fields) {
        System.out.println(String.join("\t", fields));
    }

    int partitions(String topic) throws Exception {
        return admin.describeTopics(List.of(topic)).allTopicNames().get(LIMIT_S, TimeUnit.SECONDS).get(topic)
            .partitions().size();
    }

    void topic(String topic) throws Exception {
        print("" + partitions(topic));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Map<String, String> own = new TreeMap<>();
        for (ConfigEntry entry : admin.describeConfigs(List.of(resource)).all().get(LIMIT_S, TimeUnit.SECONDS)
                .get(resource).entries()) {
            if (entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG) own.put(entry.name(), entry.value());
        }
        own.forEach((key, value) -> print(key, value));
    }

    void records(String topic) throws Exception {
        List<TopicPartition> all = new ArrayList<>();
        for (int i = partitions(topic) - 1; i >= 0; i--) all.add(0, new TopicPartition(topic, i));
        Map<TopicPartition, Long> ends = consumer.endOffsets(all);
        for (TopicPartition partition : all) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            while (consumer.position(partition) < ends.get(partition)) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) record(record);
            }
        }
    }

    static void record(ConsumerRecord<byte[], byte[]> record) {
        List<String> fields = new ArrayList<>(List.of("" + record.partition(), "" + record.offset(),
            hex(record.key()), hex(record.value())));
        for (Header header : record.headers()) fields.add(header.key() + "=" + hex(header.value()));
        print(fields.toArray(String[]::new));
    }

    void group(String name) throws Exception {
        ClassicGroupDescription group =
            admin.describeClassicGroups(List.of(name)).all().get(LIMIT_S, TimeUnit.SECONDS).get(name);
        print(group.protocol(), group.state().toString(), group.protocolData());
        group.members().forEach(member -> print(member.clientId(), member.consumerId()));
    }

    public static void main(String[] args) throws Exception {
        TopicDump dump = new TopicDump(args[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", 2);
            if (words[0].equals("topic")) dump.topic(words[1]);
            else if (words[0].equals("records")) dump.records(words[1]);
            else dump.group(words[1]);
            print(".");
            System.out.flush();
        }
    }
}
