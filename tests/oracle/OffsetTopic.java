import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.Scanner;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.runtime.distributed.DistributedConfig;
import org.apache.kafka.connect.storage.KafkaOffsetBackingStore;
import org.apache.kafka.connect.storage.OffsetStorageWriter;
import org.apache.kafka.connect.util.TopicAdmin;

/**
 * Kafka's own store of offsets in a topic, and what else of the cluster a test needs.
 *
 * OffsetTopic write BOOTSTRAP TOPIC SEED COUNT   random offsets, some removed again
 * OffsetTopic read BOOTSTRAP TOPIC               for each key on standard input (hex): its value, or -
 * OffsetTopic transactions BOOTSTRAP TOPIC       one record committed, one aborted
 * OffsetTopic delete BOOTSTRAP TOPIC
 */
class OffsetTopic {
    static final HexFormat HEX = HexFormat.of();
    static final String[] NAMES = {"file", "topic", "partition", "cluster", "Aa", "BB", "\u00e9t\u00e9", "a b",
        "\ud83d\ude00", "host", "database", "table", "x\"y", "back\\slash", "server"};
    static Random random;

    static JsonConverter converter(boolean isKey) {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false"), isKey);
        return converter;
    }

    static KafkaOffsetBackingStore open(String bootstrap, String topic) {
        Map<String, String> worker = new HashMap<>();
        worker.put("bootstrap.servers", bootstrap);
        worker.put("group.id", "oracle");
        worker.put("key.converter", JsonConverter.class.getName());
        worker.put("value.converter", JsonConverter.class.getName());
        worker.put("config.storage.topic", topic + "-configs");
        worker.put("status.storage.topic", topic + "-statuses");
        worker.put("offset.storage.topic", topic);
        worker.put("offset.storage.replication.factor", "1");
        TopicAdmin admin = new TopicAdmin(Map.of("bootstrap.servers", bootstrap));
        KafkaOffsetBackingStore store = new KafkaOffsetBackingStore(() -> admin, () -> "oracle-", converter(true));
        store.configure(new DistributedConfig(worker));
        store.start();
        return store;
    }

    static Object value() {
        switch (random.nextInt(6)) {
            case 0: return random.nextLong();
            case 1: return random.nextInt(100);
            case 2: return random.nextBoolean();
            case 3: return null;
            default: return NAMES[random.nextInt(NAMES.length)] + random.nextInt(1000);
        }
    }

    static Map<String, Object> map(int most) {
        Map<String, Object> map = new HashMap<>();
        for (int i = random.nextInt(most + 1); i >= 0; i--) map.put(NAMES[random.nextInt(NAMES.length)], value());
        return map;
    }

    static void write(KafkaOffsetBackingStore store, int count) throws Exception {
        List<Map<String, Object>> partitions = new ArrayList<>();
        for (int i = 0; i < count; i++) partitions.add(map(i % 10 == 0 ? 14 : 4));
        for (boolean remove : new boolean[] {false, true}) {
            OffsetStorageWriter writer =
                new OffsetStorageWriter(store, "connector \u00fc-1", converter(true), converter(false));
            for (Map<String, Object> partition : partitions) {
                if (!remove) writer.offset(partition, map(2));
                else if (random.nextInt(10) == 0) writer.offset(partition, null);
            }
            writer.beginFlush();
            writer.doFlush((error, result) -> { }).get(60, TimeUnit.SECONDS);
        }
    }

    static void read(KafkaOffsetBackingStore store) throws Exception {
        List<ByteBuffer> keys = new ArrayList<>();
        Scanner in = new Scanner(System.in);
        while (in.hasNextLine()) keys.add(ByteBuffer.wrap(HEX.parseHex(in.nextLine())));
        Map<ByteBuffer, ByteBuffer> values = store.get(keys).get(60, TimeUnit.SECONDS);
        for (ByteBuffer key : keys) {
            ByteBuffer found = values.get(key);
            System.out.println(found == null ? "-" : HEX.formatHex(found.array()));
        }
    }

    static void transactions(String bootstrap, String topic) throws Exception {
        Properties config = new Properties();
        config.put("bootstrap.servers", bootstrap);
        config.put("transactional.id", topic);
        try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, "committed", "yes"));
            producer.commitTransaction();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, "aborted", "yes")).get(60, TimeUnit.SECONDS);
            producer.abortTransaction();
        }
    }

    public static void main(String[] args) throws Exception {
        String bootstrap = args[1];
        String topic = args[2];
        if (args[0].equals("transactions")) {
            transactions(bootstrap, topic);
        } else if (args[0].equals("delete")) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                admin.deleteTopics(List.of(topic)).all().get(60, TimeUnit.SECONDS);
            }
        } else {
            KafkaOffsetBackingStore store = open(bootstrap, topic);
            if (args[0].equals("write")) {
                random = new Random(Long.parseLong(args[3]));
                write(store, Integer.parseInt(args[4]));
            } else {
                read(store);
            }
            System.out.flush();
            store.stop();
        }
        System.exit(0);
    }
}
