// The measure of commit_bench.cc with Iceberg's own library: java CommitBench.java FOLDER COMMITS BEFORE.

import java.io.File;
import java.util.Arrays;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Types;

public class CommitBench {
  static final long ROWS = 1_000_000;

  static Table create(Map<String, String> settings) {
    Types.NestedField[] fields = new Types.NestedField[6];
    for (int id = 1; id <= fields.length; ++id) {
      fields[id - 1] = Types.NestedField.optional(id, "c" + id, Types.LongType.get());
    }
    Catalog catalog = CatalogUtil.buildIcebergCatalog("bench", settings, new Configuration());
    ((SupportsNamespaces) catalog).createNamespace(Namespace.of("db"));
    return catalog.createTable(TableIdentifier.of("db", "orders"), new Schema(fields));
  }

  /** As the sink does: newAppend(), which merges manifests when they are many. */
  static double commit(Table table, int number) {
    var file = DataFiles.builder(PartitionSpec.unpartitioned())
        .withPath(table.location() + "/data/" + number + ".parquet")
        .withFileSizeInBytes(30_000_000).withRecordCount(ROWS).build();
    long begin = System.nanoTime();
    table.newAppend().appendFile(file).commit();
    return (System.nanoTime() - begin) / 1e6;
  }

  static void measure(String name, Map<String, String> settings, int commits, int before) {
    Table table = create(settings);
    double[] times = new double[commits];
    for (int number = 0; number < before + commits; ++number) {
      double took = commit(table, number);
      if (number >= before) {
        times[number - before] = took;
      }
    }
    Arrays.sort(times);
    System.out.printf("%s %.3f %.3f %.3f%n", name, times[(commits - 1) / 2],
        times[(int) ((commits - 1) * 0.99)], times[commits - 1]);
  }

  public static void main(String[] arguments) {
    String folder = arguments[0];
    int commits = Integer.parseInt(arguments[1]);
    int before = Integer.parseInt(arguments[2]);
    new File(folder, "java-sql").mkdirs();
    measure("file", Map.of("type", "hadoop", "warehouse", "file://" + folder + "/java-file"),
        commits, before);
    measure("sql", Map.of("type", "jdbc", "uri", "jdbc:sqlite:" + folder + "/java.db",
        "jdbc.schema-version", "V1", "warehouse", "file://" + folder + "/java-sql"), commits, before);
  }
}
