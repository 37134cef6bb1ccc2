import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** The rows of a batch, by the schema that each one's header names, as a sink has them before it writes. */
public class DecodeSinkTask extends SinkTask {
  private final Map<String, GenericDatumReader<GenericRecord>> readers = new HashMap<>();
  private final List<GenericRecord> rows = new ArrayList<>();
  private Schema schema;
  private BinaryDecoder decoder;

  @Override
  public void start(Map<String, String> config) {
    schema = new Schema.Parser().parse(config.get("schema"));
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    rows.clear();
    for (SinkRecord record : records) {
      Header header = record.headers().lastWithName("subjectId");
      GenericDatumReader<GenericRecord> reader =
          readers.computeIfAbsent(text(header.value()), id -> new GenericDatumReader<>(schema));
      try {
        decoder = DecoderFactory.get().binaryDecoder((byte[]) record.value(), decoder);
        rows.add(reader.read(null, decoder));
      } catch (IOException error) {
        throw new DataException(error);
      }
    }
  }

  private static String text(Object value) {
    return value instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(value);
  }

  @Override
  public void stop() {}

  @Override
  public String version() {
    return "1";
  }
}
