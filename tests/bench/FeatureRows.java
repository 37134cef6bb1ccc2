// Rows of a feature group, as Hopsworks' Python client writes them, for the benchmarks of the feature store.
//
//   java -cp 'KAFKA/*' FeatureRows.java BOOTSTRAP TOPIC ROWS KEYS RATE [FIRST [PARTS]]
//
// ROWS records of 2 + 8 PARTS (1) features over KEYS primary keys (0: each its own, from FIRST on), as fast as they go (RATE 0) or RATE
// a second, each with the time it was written in feature ts and as its timestamp. Prints a line at the end.

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class FeatureRows {
  private static final int LONGS = 2; // beside the key
  private static final int DOUBLES = 3;
  private static final int TEXTS = 2;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(128);
  private final SplittableRandom random = new SplittableRandom(17);

  private void writeLong(long value) {
    long rest = (value << 1) ^ (value >> 63);
    while ((rest & ~0x7FL) != 0) {
      out.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  private byte[] row(long key, long micros, int parts) {
    out.reset();
    out.write(2); // each field is a union with null first
    writeLong(key);
    out.write(2);
    writeLong(micros);
    for (int part = 0; part < parts; ++part) {
      writePart();
    }
    return out.toByteArray();
  }

  private void writePart() {
    for (int i = 0; i < LONGS; ++i) {
      out.write(2);
      writeLong(random.nextLong(1_000_000_000));
    }
    for (int i = 0; i < DOUBLES; ++i) {
      out.write(2);
      out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(random.nextDouble()).array());
    }
    for (int i = 0; i < TEXTS; ++i) {
      out.write(2);
      byte[] text = String.format("t%011d", random.nextInt(1_000_000)).getBytes(StandardCharsets.UTF_8);
      writeLong(text.length);
      out.writeBytes(text);
    }
    out.write(2);
    out.write(random.nextInt(2));
  }

  private static Header header(String name, String text) {
    return new RecordHeader(name, text.getBytes(StandardCharsets.UTF_8));
  }

  public static void main(String[] arguments) throws Exception {
    String topic = arguments[1];
    long rows = Long.parseLong(arguments[2]);
    long keys = Long.parseLong(arguments[3]);
    long rate = Long.parseLong(arguments[4]);
    long first = arguments.length > 5 ? Long.parseLong(arguments[5]) : 0;
    int parts = arguments.length > 6 ? Integer.parseInt(arguments[6]) : 1;
    List<Header> headers = List.of(header("projectId", "119"), header("featureGroupId", "42"),
        header("subjectId", "17"));
    FeatureRows maker = new FeatureRows();
    AtomicReference<Exception> failure = new AtomicReference<>();
    Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "linger.ms", rate == 0 ? 20 : 1,
        "batch.size", 131072, "buffer.memory", 67108864L);
    long begin = System.nanoTime();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (long i = 0; i < rows; ++i) {
        if (rate > 0) {
          long wait = begin + i * 1_000_000_000L / rate - System.nanoTime();
          if (wait > 0) {
            Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
          }
        }
        long millis = System.currentTimeMillis();
        long key = keys == 0 ? first + i : maker.random.nextLong(keys);
        producer.send(new ProducerRecord<>(topic, 0, millis, null, maker.row(key, millis * 1000, parts), headers),
            (metadata, error) -> {
              if (error != null) {
                failure.compareAndSet(null, error);
              }
            });
      }
    }
    if (failure.get() != null) {
      throw failure.get();
    }
    System.out.println("wrote " + rows);
  }
}
