import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.data.Field;
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
        answer = "ERR " + e.getClass().getName() + " " + hex(String.valueOf(e.getMessage()));
        if (e.getCause() != null) answer += " " + hex(String.valueOf(e.getCause().getMessage()));
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
    if (f[2].equals("read")) return read(converter, f[1].equals("header"), bytes(f[4]));
    return write(converter, f[1].equals("header"), new Tokens(f[4]));
  }

  private static String read(Object converter, boolean header, byte[] data) {
    SchemaAndValue result = header ? ((HeaderConverter) converter).toConnectHeader("t", "h", data)
                                   : ((Converter) converter).toConnectData("t", data);
    if (result == null) return "- | n";
    StringBuilder out = new StringBuilder();
    dump(out, result.schema());
    out.append(" | ");
    dump(out, result.value());
    return out.toString();
  }

  private static String write(Object converter, boolean header, Tokens tokens) {
    Schema schema = schema(tokens);
    Object value = value(tokens, schema);
    byte[] data = header ? ((HeaderConverter) converter).fromConnectHeader("t", "h", schema, value)
                         : ((Converter) converter).fromConnectData("t", schema, value);
    return data == null ? "-" : hex(data);
  }

  private static String structPut(String data) {
    Tokens tokens = new Tokens(data);
    Schema schema = schema(tokens);
    Object value = value(tokens, schema);
    Struct struct = new Struct(SchemaBuilder.struct().field("f", schema).build());
    struct.put("f", value);
    return "-";
  }

  // SOURCE TARGET VALUE.
  private static String project(String data) {
    Tokens tokens = new Tokens(data);
    Schema source = schema(tokens);
    Schema target = schema(tokens);
    Object value = value(tokens, source);
    StringBuilder out = new StringBuilder();
    try {
      dump(out, SchemaProjector.project(source, value, target));
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

  private static void dump(StringBuilder out, Schema s) {
    if (s == null) {
      out.append('-');
      return;
    }
    out.append(s.type()).append(' ').append(s.isOptional() ? "O" : "R");
    out.append(' ').append(text(s.name())).append(' ').append(s.version() == null ? "-" : s.version());
    out.append(' ').append(text(s.doc()));
    Map<String, String> parameters = s.parameters() == null ? Map.of() : s.parameters();
    out.append(' ').append(parameters.size());
    parameters.forEach((k, v) -> out.append(' ').append(text(k)).append(' ').append(text(v)));
    if (s.type() == Schema.Type.STRUCT) {
      out.append(' ').append(s.fields().size());
      for (Field f : s.fields()) {
        out.append(' ').append(text(f.name())).append(' ');
        dump(out, f.schema());
      }
    }
    if (s.type() == Schema.Type.MAP) {
      out.append(' ');
      dump(out, s.keySchema());
    }
    if (s.type() == Schema.Type.MAP || s.type() == Schema.Type.ARRAY) {
      out.append(' ');
      dump(out, s.valueSchema());
    }
    out.append(' ');
    if (s.defaultValue() == null) out.append('-');
    else dump(out, s.defaultValue());
  }

  private static void dump(StringBuilder out, Object v) {
    if (v == null) out.append("n");
    else if (v instanceof Byte) out.append("i8 ").append(v);
    else if (v instanceof Short) out.append("i16 ").append(v);
    else if (v instanceof Integer) out.append("i32 ").append(v);
    else if (v instanceof Long) out.append("i64 ").append(v);
    else if (v instanceof Float f) out.append("f32 ").append(Integer.toHexString(Float.floatToIntBits(f)));
    else if (v instanceof Double d) out.append("f64 ").append(Long.toHexString(Double.doubleToLongBits(d)));
    else if (v instanceof Boolean b) out.append("B ").append(b ? 1 : 0);
    else if (v instanceof String s) out.append("s ").append(text(s));
    else if (v instanceof byte[] b) out.append("y ").append(hex(b));
    else if (v instanceof ByteBuffer b) out.append("y ").append(hex(b.array()));
    else if (v instanceof BigDecimal d)
      out.append("D ").append(d.scale()).append(' ').append(hex(d.unscaledValue().toByteArray()));
    else if (v instanceof Date d) out.append("t ").append(d.getTime());
    else if (v instanceof List<?> l) {
      out.append("a ").append(l.size());
      for (Object e : l) {
        out.append(' ');
        dump(out, e);
      }
    } else if (v instanceof Map<?, ?> m) {
      List<String> entries = new ArrayList<>();  // hash order is no contract
      for (Map.Entry<?, ?> e : m.entrySet()) {
        StringBuilder entry = new StringBuilder(" ");
        dump(entry, e.getKey());
        entry.append(' ');
        dump(entry, e.getValue());
        entries.add(entry.toString());
      }
      entries.sort(null);
      out.append("m ").append(m.size());
      entries.forEach(out::append);
    } else if (v instanceof Struct s) {
      out.append("st");
      for (Field f : s.schema().fields()) {
        out.append(' ');
        dump(out, s.getWithoutDefault(f.name()));
      }
    } else throw new IllegalStateException("no notation for " + v.getClass());
  }

  private static Schema schema(Tokens t) {
    String type = t.next();
    if (type.equals("-")) return null;
    boolean optional = t.next().equals("O");
    String name = t.text();
    String version = t.next();
    String doc = t.text();
    Map<String, String> parameters = new LinkedHashMap<>();
    for (int n = t.number(); n > 0; n--) parameters.put(t.text(), t.text());
    SchemaBuilder b;
    if (type.equals("STRUCT")) {
      b = SchemaBuilder.struct();
      for (int n = t.number(); n > 0; n--) b.field(t.text(), schema(t));
    } else if (type.equals("MAP")) {
      b = SchemaBuilder.map(schema(t), schema(t));
    } else if (type.equals("ARRAY")) {
      b = SchemaBuilder.array(schema(t));
    } else {
      b = new SchemaBuilder(Schema.Type.valueOf(type));
    }
    if (name != null) b.name(name);
    if (!version.equals("-")) b.version(Integer.parseInt(version));
    if (doc != null) b.doc(doc);
    if (!parameters.isEmpty()) b.parameters(parameters);
    if (optional) b.optional();
    if (t.peek().equals("-")) t.next();
    else b.defaultValue(value(t, b));
    return b.build();
  }

  private static Object value(Tokens t, Schema s) {
    String kind = t.next();
    switch (kind) {
      case "n": return null;
      case "i8": return Byte.parseByte(t.next());
      case "i16": return Short.parseShort(t.next());
      case "i32": return Integer.parseInt(t.next());
      case "i64": return Long.parseLong(t.next());
      case "f32": return Float.intBitsToFloat(Integer.parseUnsignedInt(t.next(), 16));
      case "f64": return Double.longBitsToDouble(Long.parseUnsignedLong(t.next(), 16));
      case "B": return t.next().equals("1");
      case "s": return t.text();
      case "y": return bytes(t.next());
      case "D": {
        int scale = t.number();
        return new BigDecimal(new BigInteger(bytes(t.next())), scale);
      }
      case "t": return new Date(Long.parseLong(t.next()));
      case "a": {
        List<Object> list = new ArrayList<>();
        Schema element = s != null && s.type() == Schema.Type.ARRAY ? s.valueSchema() : null;
        for (int n = t.number(); n > 0; n--) list.add(value(t, element));
        return list;
      }
      case "m": {
        Map<Object, Object> map = new LinkedHashMap<>();
        boolean known = s != null && s.type() == Schema.Type.MAP;
        for (int n = t.number(); n > 0; n--) {
          Object key = value(t, known ? s.keySchema() : null);
          map.put(key, value(t, known ? s.valueSchema() : null));
        }
        return map;
      }
      case "st": {
        // Without a struct schema around it, its own schema follows the keyword.
        Schema own = t.peek().equals("STRUCT") ? schema(t) : s;
        Struct struct = new Struct(own);
        for (Field f : own.fields()) {
          Object member = value(t, f.schema());
          if (member != null) struct.put(f, member);
        }
        return struct;
      }
      default: throw new IllegalStateException("unknown value " + kind);
    }
  }

  private static final class Tokens {
    private final String[] all;
    private int at;
    Tokens(String line) { all = line.split(" "); }
    String next() { return all[at++]; }
    String peek() { return at < all.length ? all[at] : ""; }
    int number() { return Integer.parseInt(next()); }
    String text() {
      byte[] b = bytes(next());
      return b == null ? null : new String(b, StandardCharsets.UTF_8);
    }
  }

  private static byte[] bytes(String hex) {
    if (hex.equals("-")) return null;
    byte[] out = new byte[(hex.length() - 1) / 2];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) Integer.parseInt(hex.substring(2 * i + 1, 2 * i + 3), 16);
    }
    return out;
  }
  private static String hex(byte[] bytes) {
    StringBuilder out = new StringBuilder("x");
    for (byte b : bytes) out.append(String.format("%02x", b));
    return out.toString();
  }
  private static String hex(String text) { return hex(text.getBytes(StandardCharsets.UTF_8)); }
  private static String text(String s) { return s == null ? "-" : hex(s); }
}
