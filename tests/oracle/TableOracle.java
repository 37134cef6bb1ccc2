// What Apache Iceberg's own classes make of metadata documents, for metadata_compare.py. One JSON object a
// line: {"metadata", "updates"} is answered by the document after the updates, {"schema", "spec",
// "properties"} by a new one, {"metadata", "requirement"} by "met", {"metadata", "files"} by the manifests
// and live files of the current snapshot; a refusal is {"error"}.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.MetadataUpdateParser;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.PartitionSpecParser;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.UpdateRequirementParser;
import org.apache.iceberg.hadoop.HadoopFileIO;

@SuppressWarnings("deprecation")
public class TableOracle {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(answer(MAPPER.readTree(line)));
    }
    out.flush();
  }

  private static String answer(JsonNode request) {
    try {
      if (request.has("schema")) return create(request);
      TableMetadata table = TableMetadataParser.fromJson(request.get("metadata").toString());
      if (request.has("requirement")) {
        UpdateRequirementParser.fromJson(request.get("requirement").toString()).validate(table);
        return "\"met\"";
      }
      if (request.has("files")) return files(table);
      TableMetadata.Builder builder = TableMetadata.buildFrom(table);
      for (JsonNode update : request.get("updates")) {
        MetadataUpdateParser.fromJson(update.toString()).applyTo(builder);
      }
      return TableMetadataParser.toJson(builder.build());
    } catch (RuntimeException | IOException error) {
      return MAPPER.createObjectNode().put("error", String.valueOf(error)).toString();
    }
  }

  private static String files(TableMetadata table) throws IOException {
    HadoopFileIO io = new HadoopFileIO(new Configuration());
    ArrayNode manifests = MAPPER.createArrayNode();
    ArrayNode files = MAPPER.createArrayNode();
    for (ManifestFile manifest : table.currentSnapshot().dataManifests(io)) {
      manifests.addArray().add(manifest.addedFilesCount()).add(manifest.existingFilesCount())
          .add(manifest.sequenceNumber()).add(manifest.minSequenceNumber());
      try (ManifestReader<DataFile> reader = ManifestFiles.read(manifest, io, table.specsById())) {
        for (DataFile file : reader) {
          files.addArray().add(file.location()).add(file.recordCount())
              .add(file.dataSequenceNumber()).add(file.fileSequenceNumber())
              .add(String.valueOf(file.partition()));
        }
      }
    }
    return MAPPER.createArrayNode().add(manifests).add(files).toString();
  }

  private static String create(JsonNode request) {
    Schema schema = SchemaParser.fromJson(request.get("schema"));
    PartitionSpec spec = PartitionSpecParser.fromJson(schema, request.get("spec"));
    Map<String, String> properties = new HashMap<>();
    request.get("properties").fields()
        .forEachRemaining(entry -> properties.put(entry.getKey(), entry.getValue().asText()));
    return TableMetadataParser.toJson(
        TableMetadata.newTableMetadata(schema, spec, "file:/w/t", properties));
  }
}
