import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * What Java says: reads and writes offset files, orders map keys, decodes UTF-8. Bytes are hex, one
 * item a line, on standard input and output; null is a dash.
 */
class OffsetFile {
    static final HexFormat HEX = HexFormat.of();

    static String hex(byte[] bytes) {
        return bytes == null ? "-" : HEX.formatHex(bytes);
    }

    static byte[] bytes(String hex) {
        return hex.equals("-") ? null : HEX.parseHex(hex);
    }

    static List<String> lines() throws Exception {
        List<String> lines = new ArrayList<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) lines.add(line);
        return lines;
    }

    @SuppressWarnings("unchecked")
    static void read(String file) throws Exception {
        try (ObjectInputStream in = new ObjectInputStream(new FileInputStream(file))) {
            Object read = in.readObject();
            if (read.getClass() != HashMap.class) throw new ClassCastException("" + read.getClass());
            for (Map.Entry<byte[], byte[]> e : ((HashMap<byte[], byte[]>) read).entrySet()) {
                System.out.println(hex(e.getKey()) + " " + hex(e.getValue()));
            }
            if (in.read() != -1) throw new IllegalStateException("more bytes follow");
        }
    }

    /** Equal values share one array, as a program may have it. */
    static void write(String file) throws Exception {
        Map<byte[], byte[]> map = new HashMap<>();
        Map<String, byte[]> shared = new HashMap<>();
        for (String line : lines()) {
            String[] parts = line.split(" ", -1);
            map.put(bytes(parts[0]), shared.computeIfAbsent(parts[1], OffsetFile::bytes));
        }
        try (ObjectOutputStream out = new ObjectOutputStream(new FileOutputStream(file))) {
            out.writeObject(map);
        }
    }

    /** Each line: keys put into a map in this order; answer: the order it iterates in. */
    static void order() throws Exception {
        for (String line : lines()) {
            Map<String, Integer> map = new HashMap<>();
            for (String key : line.split(" ")) {
                map.put(new String(bytes(key), StandardCharsets.UTF_8), 0);
            }
            StringBuilder out = new StringBuilder();
            for (String key : map.keySet()) {
                out.append(out.length() == 0 ? "" : " ");
                out.append(hex(key.getBytes(StandardCharsets.UTF_8)));
            }
            System.out.println(out);
        }
    }

    /** Each line: bytes; answer: what a reader decodes from them, as UTF-8. */
    static void decode() throws Exception {
        for (String line : lines()) {
            StringBuilder text = new StringBuilder();
            InputStreamReader reader = new InputStreamReader(
                new java.io.ByteArrayInputStream(bytes(line)), StandardCharsets.UTF_8);
            for (int c = reader.read(); c >= 0; c = reader.read()) text.append((char) c);
            System.out.println(hex(text.toString().getBytes(StandardCharsets.UTF_8)));
        }
    }

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "read" -> read(args[1]);
            case "write" -> write(args[1]);
            case "order" -> order();
            case "decode" -> decode();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }
}
