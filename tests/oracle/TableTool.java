// Apache Iceberg's own classes on tables of the suite, for tests/support/java_tables.py: another writer, a
// compaction, an expiry, a rollback, and a strict reader of metadata, manifest lists and manifests.
//
//   java -cp 'JARS/*' TableTool.java jdbc URI WAREHOUSE | hadoop WAREHOUSE
//
// A JSON object a line, {"op", "table", ...}, is answered by one; a refusal is {"error"}. Parquet is not
// among the jars: data files come from the caller.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.PartitionSpecParser;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableScan;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.hadoop.HadoopCatalog;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.jdbc.JdbcCatalog;

public class TableTool {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Catalog catalog;

  private TableTool(String[] arguments) {
    if (arguments[0].equals("jdbc")) {
      JdbcCatalog jdbc = new JdbcCatalog();
      jdbc.setConf(new Configuration());
      jdbc.initialize("lake", Map.of("uri", arguments[1], "warehouse", arguments[2]));
      catalog = jdbc;
    } else {
      HadoopCatalog hadoop = new HadoopCatalog();
      hadoop.setConf(new Configuration());
      hadoop.initialize("lake", Map.of("warehouse", arguments[1]));
      catalog = hadoop;
    }
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    TableTool tool = new TableTool(arguments);
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
    TableIdentifier name = TableIdentifier.parse(request.get("table").asText());
    switch (request.get("op").asText()) {
      case "create" -> create(name, request);
      case "drop" -> answer.put("dropped", catalog.dropTable(name, false));
      case "append" -> append(catalog.loadTable(name), request);
      case "rewrite" -> rewrite(catalog.loadTable(name), request);
      case "expire" -> expire(catalog.loadTable(name));
      case "rollback" -> catalog.loadTable(name).manageSnapshots()
          .setCurrentSnapshot(request.get("snapshot").asLong()).commit();
      case "plan" -> plan(catalog.loadTable(name), request, answer);
      case "validate" -> validate(catalog.loadTable(name), answer);
      default -> throw new IllegalArgumentException("no such op");
    }
  }

  private void create(TableIdentifier name, JsonNode request) {
    Namespace space = name.namespace();
    SupportsNamespaces spaces = (SupportsNamespaces) catalog;
    if (!spaces.namespaceExists(space)) spaces.createNamespace(space);
    Schema schema = SchemaParser.fromJson(request.get("schema"));
    PartitionSpec spec = request.has("spec")
        ? PartitionSpecParser.fromJson(schema, request.get("spec")) : PartitionSpec.unpartitioned();
    catalog.createTable(name, schema, spec, Map.of("format-version", "2"));
  }

  private static DataFile dataFile(Table table, JsonNode file) {
    DataFiles.Builder builder = DataFiles.builder(table.spec())
        .withPath(file.get("path").asText())
        .withFileSizeInBytes(file.get("bytes").asLong())
        .withRecordCount(file.get("rows").asLong())
        .withFormat("parquet");
    if (file.hasNonNull("partition")) builder.withPartitionPath(file.get("partition").asText());
    return builder.build();
  }

  private static void append(Table table, JsonNode request) {
    AppendFiles append = table.newAppend();
    for (JsonNode file : request.get("files")) append.appendFile(dataFile(table, file));
    append.commit();
  }

  /** Replaces the files whose paths are `old`. */
  private static void rewrite(Table table, JsonNode request) throws Exception {
    Set<String> paths = new HashSet<>();
    for (JsonNode path : request.get("old")) paths.add(path.asText());
    RewriteFiles rewrite = table.newRewrite()
        .validateFromSnapshot(table.currentSnapshot().snapshotId());
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      for (FileScanTask task : tasks) {
        if (paths.remove(task.file().location())) rewrite.deleteFile(task.file());
      }
    }
    require(paths.isEmpty(), "files that are not there: " + paths);
    for (JsonNode file : request.get("files")) rewrite.addFile(dataFile(table, file));
    rewrite.commit();
  }

  /** All snapshots but the head. */
  private static void expire(Table table) {
    table.expireSnapshots().expireOlderThan(System.currentTimeMillis() + 1000).retainLast(1).commit();
  }

  /** How many files a filter `column == value` leaves. */
  private static void plan(Table table, JsonNode request, ObjectNode answer) throws Exception {
    JsonNode value = request.get("value");
    TableScan scan = table.newScan().filter(Expressions.equal(request.get("column").asText(),
        value.isNumber() ? (Object) value.asLong() : value.asText()));
    int count = 0;
    try (CloseableIterable<FileScanTask> tasks = scan.planFiles()) {
      for (FileScanTask ignored : tasks) ++count;
    }
    answer.put("files", count);
  }

  /** Everything that snapshots refer to is there, is what they say, and adds up. */
  private static void validate(Table table, ObjectNode answer) throws Exception {
    long sequence = 0;
    int count = 0;
    for (Snapshot snapshot : table.snapshots()) {
      require(snapshot.sequenceNumber() > sequence, "sequence numbers do not grow");
      sequence = snapshot.sequenceNumber();
      validate(table, snapshot);
      ++count;
    }
    answer.put("snapshots", count);
    List<String> paths = new ArrayList<>();
    long rows = 0;
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      for (FileScanTask task : tasks) {
        paths.add(task.file().location());
        rows += task.file().recordCount();
      }
    }
    answer.put("rows", rows);
    answer.set("files", MAPPER.valueToTree(paths));
  }

  private static void validate(Table table, Snapshot snapshot) throws Exception {
    String where = "snapshot " + snapshot.snapshotId() + ": ";
    Set<String> paths = new HashSet<>();
    long rows = 0;
    for (ManifestFile manifest : snapshot.allManifests(table.io())) {
      require(manifest.content() == ManifestContent.DATA, where + "a manifest of deletes");
      require(manifest.length() == table.io().newInputFile(manifest.path()).getLength(),
          where + "the length of " + manifest.path());
      require(manifest.sequenceNumber() <= snapshot.sequenceNumber(), where + "a manifest of later");
      long live = 0;
      long liveRows = 0;
      try (CloseableIterable<DataFile> files =
               ManifestFiles.read(manifest, table.io(), table.specs())) {
        for (DataFile file : files) {
          check(table, manifest, file, where);
          require(paths.add(file.location()), where + file.location() + " is there twice");
          liveRows += file.recordCount();
          ++live;
        }
      }
      require(live == manifest.addedFilesCount() + manifest.existingFilesCount(),
          where + "the counts of " + manifest.path());
      require(liveRows == manifest.addedRowsCount() + manifest.existingRowsCount(),
          where + "the rows of " + manifest.path());
      rows += liveRows;
    }
    checkTotal(snapshot, "total-records", rows, where);
    checkTotal(snapshot, "total-data-files", paths.size(), where);
    require(table.schemas().containsKey(snapshot.schemaId()), where + "its schema");
  }

  private static void check(Table table, ManifestFile manifest, DataFile file, String where) {
    String at = where + file.location() + ": ";
    require(file.content() == FileContent.DATA, at + "its content");
    require(file.specId() == manifest.partitionSpecId(), at + "its spec");
    require(file.partition().size() == table.specs().get(file.specId()).fields().size(),
        at + "its partition");
    require(file.dataSequenceNumber() != null
        && file.dataSequenceNumber() <= manifest.sequenceNumber()
        && file.dataSequenceNumber() >= manifest.minSequenceNumber(), at + "its sequence number");
    require(file.fileSizeInBytes() == table.io().newInputFile(file.location()).getLength(),
        at + "its length");
    if (file.valueCounts() == null) return;  // of a writer that counts nothing
    for (Map.Entry<Integer, Long> nulls : file.nullValueCounts().entrySet()) {
      require(nulls.getValue() <= file.valueCounts().get(nulls.getKey()), at + "its nulls");
    }
    require(file.lowerBounds().keySet().equals(file.upperBounds().keySet()), at + "its bounds");
  }

  private static void checkTotal(Snapshot snapshot, String key, long value, String where) {
    String text = snapshot.summary().get(key);
    require(text != null && Long.parseLong(text) == value, where + key + " is " + text + ", not " + value);
  }

  private static void require(boolean holds, String what) {
    if (!holds) throw new IllegalStateException(what);
  }
}
