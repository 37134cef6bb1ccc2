import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.SchemaProjector;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.SchemaProjectorException;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;

/**
 * Runs Kafka's own converters on cases read from standard input, one answer line per case line.
 * The notation is described in README.md beside this file.
 */
public final class ConverterOracle {
  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    Map<String, Object> converters = new HashMap<>();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String answer;
      try {
        answer = "OK " + run(line.split("\t", -1), converters);
      } catch (Exception e) {
        answer = "ERR " + e.getClass().getName() + " " + Notation.hex(String.valueOf(e.getMessage()));
        if (e.getCause() != null) answer += " " + Notation.hex(String.valueOf(e.getCause().getMessage()));
      }
      out.println(answer);
    }
    out.flush();
  }

  // CLASS, SIDE (key, value or header), DIRECTION (read, write, config), SETTINGS, DATA.
  private static String run(String[] f, Map<String, Object> converters) throws Exception {
    if (f[0].equals("struct")) return structPut(f[4]);
    if (f[0].equals("project")) return project(f[4]);
    Class<?> type = Class.forName("org.apache.kafka.connect." + f[0]);
    if (f[2].equals("config")) return config(type);
    Object converter = converters.get(f[0] + f[1] + f[3]);
    if (converter == null) {
      converter = type.getDeclaredConstructor().newInstance();
      Map<String, String> settings = new HashMap<>();
      settings.put("converter.type", f[1]);
      for (String pair : f[3].split(";")) {
        int at = pair.indexOf('=');
        if (at > 0) settings.put(pair.substring(0, at), pair.substring(at + 1));
      }
      if (f[1].equals("header")) ((HeaderConverter) converter).configure(settings);
      else ((Converter) converter).configure(settings, f[1].equals("key"));
      converters.put(f[0] + f[1] + f[3], converter);
    }
    if (f[2].equals("read")) return read(converter, f[1].equals("header"), Notation.bytes(f[4]));
    return write(converter, f[1].equals("header"), new Notation.Tokens(f[4]));
  }

  private static String read(Object converter, boolean header, byte[] data) {
    SchemaAndValue result = header ? ((HeaderConverter) converter).toConnectHeader("t", "h", data)
                                   : ((Converter) converter).toConnectData("t", data);
    if (result == null) return "- | n";
    StringBuilder out = new StringBuilder();
    Notation.dump(out, result.schema());
    out.append(" | ");
    Notation.dump(out, result.value());
    return out.toString();
  }

  private static String write(Object converter, boolean header, Notation.Tokens tokens) {
    Schema schema = Notation.schema(tokens);
    Object value = Notation.value(tokens, schema);
    byte[] data = header ? ((HeaderConverter) converter).fromConnectHeader("t", "h", schema, value)
                         : ((Converter) converter).fromConnectData("t", schema, value);
    return data == null ? "-" : Notation.hex(data);
  }

  private static String structPut(String data) {
    Notation.Tokens tokens = new Notation.Tokens(data);
    Schema schema = Notation.schema(tokens);
    Object value = Notation.value(tokens, schema);
    Struct struct = new Struct(SchemaBuilder.struct().field("f", schema).build());
    struct.put("f", value);
    return "-";
  }

  // SOURCE TARGET VALUE.
  private static String project(String data) {
    Notation.Tokens tokens = new Notation.Tokens(data);
    Schema source = Notation.schema(tokens);
    Schema target = Notation.schema(tokens);
    Object value = Notation.value(tokens, source);
    StringBuilder out = new StringBuilder();
    try {
      Notation.dump(out, SchemaProjector.project(source, value, target));
    } catch (SchemaProjectorException e) {
      StringBuilder reasons = new StringBuilder(e.getMessage());
      for (Throwable t = e.getCause(); t != null; t = t.getCause()) {
        reasons.append(": ").append(t.getMessage());
      }
      throw new SchemaProjectorException(reasons.toString());
    }
    return out.toString();
  }

  private static String config(Class<?> type) throws Exception {
    Object converter = type.getDeclaredConstructor().newInstance();
    ConfigDef def = converter instanceof HeaderConverter
        ? ((HeaderConverter) converter).config() : ((Converter) converter).config();
    StringBuilder out = new StringBuilder();
    for (String name : new java.util.TreeSet<>(def.names())) {
      ConfigDef.ConfigKey k = def.configKeys().get(name);
      out.append(name).append(',').append(k.type).append(',').append(k.importance).append(',')
          .append(k.hasDefault() ? String.valueOf(k.defaultValue) : "required").append(',')
          .append(k.group).append(',').append(k.orderInGroup).append(',').append(k.width)
          .append(',').append(k.displayName).append(';');
    }
    return out.toString();
  }
}
