import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

public class DecodeSinkTask extends SinkTask {
  private GenericDatumReader<GenericRecord> reader;
  private BinaryDecoder decoder;
  private GenericRecord row;

  @Override
  public void start(Map<String, String> config) {
    Schema schema = new Schema.Parser().parse(config.get("schema"));
    reader = new GenericDatumReader<>(schema);
    row = new GenericData.Record(schema);
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    for (SinkRecord record : records) {
      try {
        decoder = DecoderFactory.get().binaryDecoder((byte[]) record.value(), decoder);
        row = reader.read(row, decoder);
      } catch (IOException error) {
        throw new DataException(error);
      }
    }
  }

  @Override
  public void stop() {}

  @Override
  public String version() {
    return "1";
  }
}
