import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What Java makes of text. The argument says of what; each line of the standard input is one case,
 * in hexadecimal, and gives one line of output.
 */
public final class CoreOracle {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(answer(arguments[0], line));
        }
        out.flush();
    }

    private static String answer(String kind, String line) throws IOException {
        switch (kind) {
            case "latin1": return properties(HEX.parseHex(line), false);
            case "utf8": return properties(HEX.parseHex(line), true);
            case "decimal": return decimal(text(line));
            case "double": return real(text(line));
            case "regex": return regex(line.split(" ", -1));
            default: throw new IllegalArgumentException(kind);
        }
    }

    /** {@code key=value} pairs sorted by key, or {@code error MESSAGE}. */
    private static String properties(byte[] file, boolean utf8) throws IOException {
        Properties properties = new Properties();
        ByteArrayInputStream stream = new ByteArrayInputStream(file);
        try {
            if (utf8) {
                properties.load(new InputStreamReader(stream, StandardCharsets.UTF_8));
            } else {
                properties.load(stream);
            }
        } catch (IllegalArgumentException e) {
            return "error " + e.getMessage();
        }
        TreeMap<String, String> sorted = new TreeMap<>();
        properties.forEach((key, value) -> sorted.put(hex((String) key), hex((String) value)));
        // Keys that differ only in halves of surrogate pairs are one key in UTF-8.
        if (sorted.size() < properties.size()) return "ambiguous";
        StringBuilder line = new StringBuilder();
        sorted.forEach((key, value) -> line.append(key).append('=').append(value).append(' '));
        return line.toString();
    }

    /** Scale, unscaled bytes and text. */
    private static String decimal(String text) {
        try {
            BigDecimal value = new BigDecimal(text);
            return value.scale() + " " + HEX.formatHex(value.unscaledValue().toByteArray()) + " "
                + value;
        } catch (NumberFormatException e) {
            return "none";
        }
    }

    /** The bits of a double. */
    private static String real(String text) {
        try {
            return Long.toHexString(Double.doubleToLongBits(Double.parseDouble(text)));
        } catch (NumberFormatException e) {
            return "none";
        }
    }

    /** The first word is a pattern; for each further one whether it matches. */
    private static String regex(String[] words) {
        Pattern pattern;
        try {
            pattern = Pattern.compile(text(words[0]));
        } catch (PatternSyntaxException e) {
            return "none";
        }
        StringBuilder line = new StringBuilder();
        for (int i = 1; i < words.length; i++) {
            line.append(pattern.matcher(text(words[i])).matches() ? '1' : '0');
        }
        return line.toString();
    }

    private static String text(String hex) {
        return new String(HEX.parseHex(hex), StandardCharsets.UTF_8);
    }

    /** UTF-8, with U+FFFD for half of a surrogate pair. */
    private static String hex(String text) {
        StringBuilder whole = new StringBuilder();
        text.codePoints().forEach(c ->
            whole.appendCodePoint(Character.getType(c) == Character.SURROGATE ? 0xFFFD : c));
        return HEX.formatHex(whole.toString().getBytes(StandardCharsets.UTF_8));
    }
}
