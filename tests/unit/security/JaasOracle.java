// Reads texts of sasl.jaas.config, one a line in hexadecimal, and prints what Kafka makes of each:
// "-" when it refuses, else the module and the sorted options in hexadecimal.
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Scanner;
import java.util.TreeMap;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;

public class JaasOracle {
  static String hex(Object text) {
    return HexFormat.of().formatHex(String.valueOf(text).getBytes(StandardCharsets.UTF_8));
  }

  static String read(String text) {
    try {
      JaasContext context =
          JaasContext.loadClientContext(Map.of("sasl.jaas.config", new Password(text)));
      AppConfigurationEntry entry = context.configurationEntries().get(0);
      StringBuilder out = new StringBuilder(hex(entry.getLoginModuleName()));
      TreeMap<String, String> sorted = new TreeMap<>();
      for (Map.Entry<String, ?> option : entry.getOptions().entrySet()) {
        if (option.getKey() == null) return "-";  // an option without a name is of no use
        sorted.put(hex(option.getKey()), hex(option.getValue()));
      }
      sorted.forEach((key, value) -> out.append(' ').append(key).append('=').append(value));
      return out.toString();
    } catch (RuntimeException e) {
      return "-";
    }
  }

  public static void main(String[] arguments) {
    Scanner in = new Scanner(System.in);
    while (in.hasNextLine()) {
      byte[] bytes = HexFormat.of().parseHex(in.nextLine().trim());
      System.out.println(read(new String(bytes, StandardCharsets.UTF_8)));
    }
  }
}
