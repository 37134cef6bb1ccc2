import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;

/** The text notation of schemas and values; README.md beside this file. */
final class Notation {
  static void dump(StringBuilder out, Schema s) {
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

  static void dump(StringBuilder out, Object v) {
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
      out.append("m ").append(m.size());  // in the order of iteration, which output bytes show
      for (Map.Entry<?, ?> e : m.entrySet()) {
        out.append(' ');
        dump(out, e.getKey());
        out.append(' ');
        dump(out, e.getValue());
      }
    } else if (v instanceof Struct s) {
      out.append("st");
      for (Field f : s.schema().fields()) {
        out.append(' ');
        dump(out, s.getWithoutDefault(f.name()));
      }
    } else throw new IllegalStateException("no notation for " + v.getClass());
  }

  static Schema schema(Tokens t) {
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

  static Object value(Tokens t, Schema s) {
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
      case "m":
      case "hm": {
        Map<Object, Object> map = kind.equals("m") ? new LinkedHashMap<>() : new HashMap<>();
        boolean known = s != null && s.type() == Schema.Type.MAP;
        for (int n = t.number(); n > 0; n--) {
          Object key = value(t, known ? s.keySchema() : null);
          map.put(key, value(t, known ? s.valueSchema() : null));
        }
        return map;
      }
      case "st":
      case "so": {
        Schema own = kind.equals("so") ? schema(t) : s;
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

  static final class Tokens {
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

  static byte[] bytes(String hex) {
    if (hex.equals("-")) return null;
    return HexFormat.of().parseHex(hex, 1, hex.length());
  }
  static String hex(byte[] bytes) {
    return "x" + HexFormat.of().formatHex(bytes);
  }
  static String hex(String text) { return hex(text.getBytes(StandardCharsets.UTF_8)); }
  static String text(String s) { return s == null ? "-" : hex(s); }
}
