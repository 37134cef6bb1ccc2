import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.Configurable;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/**
 * Runs Kafka's own transformations and predicates on cases read from standard input, one answer
 * line per case line. The notation is described in README.md beside this file.
 */
public final class TransformOracle {
  private static final JsonConverter JSON = new JsonConverter();
  private static String group = "";
  private static Configurable plugin;
  private static String refusal;

  public static void main(String[] args) throws Exception {
    JSON.configure(Map.of("schemas.enable", "false", "decimal.format", "NUMERIC"), false);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(answer(line.split("\t", -1)));
    }
    out.flush();
  }

  // GROUP, CLASS, SETTINGS, RECORD. The records of one group go through one object.
  private static String answer(String[] f) throws Exception {
    if (!f[0].equals(group)) {
      group = f[0];
      configure(f[1], f[2]);
    }
    if (refusal != null) return refusal;
    ConnectRecord<?> record = record(new Notation.Tokens(f[3]));
    try {
      return "OK " + (plugin instanceof Predicate<?> ? test(record) : apply(record));
    } catch (RuntimeException e) {
      return error("ERR ", e);
    }
  }

  private static void configure(String type, String settings) throws Exception {
    Map<String, String> config = new LinkedHashMap<>();
    Notation.Tokens t = new Notation.Tokens(settings);
    for (int n = t.number(); n > 0; n--) config.put(t.text(), t.text());
    refusal = null;
    plugin = (Configurable) Class.forName("org.apache.kafka.connect.transforms." + type)
        .getDeclaredConstructor().newInstance();
    try {
      plugin.configure(config);
    } catch (RuntimeException e) {
      refusal = error("REFUSED ", e);
    }
  }

  private static String error(String kind, Exception e) {
    return kind + e.getClass().getName() + " " + Notation.hex(String.valueOf(e.getMessage()));
  }

  // source or sink, topic, partition, timestamp, offset, key, value, headers.
  private static ConnectRecord<?> record(Notation.Tokens t) {
    boolean sink = t.next().equals("sink");
    String topic = t.text();
    String partition = t.next();
    String timestamp = t.next();
    long offset = Long.parseLong(t.next());
    Schema keySchema = Notation.schema(t);
    Object key = Notation.value(t, keySchema);
    Schema valueSchema = Notation.schema(t);
    Object value = Notation.value(t, valueSchema);
    ConnectHeaders headers = new ConnectHeaders();
    for (int n = t.number(); n > 0; n--) {
      String name = t.text();
      Schema schema = Notation.schema(t);
      headers.add(name, Notation.value(t, schema), schema);
    }
    Integer number = partition.equals("-") ? null : Integer.valueOf(partition);
    Long time = timestamp.equals("-") ? null : Long.valueOf(timestamp);
    if (sink) {
      return new SinkRecord(topic, number, keySchema, key, valueSchema, value, offset, time,
          time == null ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME, headers);
    }
    return new SourceRecord(Map.of("p", 1L), Map.of("o", 2L), topic, number, keySchema, key,
        valueSchema, value, time, headers);
  }

  @SuppressWarnings("unchecked")
  private static <R extends ConnectRecord<R>> String test(ConnectRecord<?> record) {
    return ((Predicate<R>) plugin).test((R) record) ? "1" : "0";
  }

  @SuppressWarnings("unchecked")
  private static <R extends ConnectRecord<R>> String apply(ConnectRecord<?> record) {
    R result = ((Transformation<R>) plugin).apply((R) record);
    if (result == null) return "dropped";
    StringBuilder out = new StringBuilder();
    out.append(Notation.text(result.topic())).append(' ').append(result.kafkaPartition());
    out.append(' ').append(result.timestamp());
    half(out, result.keySchema(), result.key());
    half(out, result.valueSchema(), result.value());
    for (Header header : result.headers()) {
      out.append(" | ").append(Notation.text(header.key())).append(' ');
      Notation.dump(out, header.schema());
      out.append(' ');
      Notation.dump(out, header.value());
    }
    return out.toString();
  }

  private static void half(StringBuilder out, Schema schema, Object value) {
    out.append(" | ");
    Notation.dump(out, schema);
    out.append(' ');
    Notation.dump(out, value);
    out.append(" | ");
    try {
      byte[] bytes = JSON.fromConnectData("t", schema, value);
      out.append(bytes == null ? "-" : Notation.hex(bytes));
    } catch (RuntimeException e) {
      out.append("no ").append(Notation.hex(String.valueOf(e.getMessage())));
    }
  }
}
