import jakarta.ws.rs.core.HttpHeaders;

import java.lang.reflect.Proxy;
import java.util.HexFormat;
import java.util.Random;
import java.util.Scanner;
import java.util.function.Consumer;

import javax.crypto.spec.SecretKeySpec;

import org.apache.kafka.connect.runtime.distributed.Crypto;
import org.apache.kafka.connect.runtime.rest.InternalRequestSignature;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.http.HttpFields;

/**
 * Signs random requests as Kafka's worker does, and checks what ours signed.
 *
 * <p>{@code sign SEED COUNT} prints {@code ALGORITHM KEY BODY HEADER}, key and body in hexadecimal
 * digits behind an x. {@code verify} reads such lines and prints {@code true}, {@code false} or the
 * error for each.
 */
public class SignatureOracle {
    private static final String[] ALGORITHMS = {
        "HmacMD5", "HmacSHA1", "HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512",
        "HmacSHA512/224", "HmacSHA512/256", "HmacSHA3-224", "HmacSHA3-256", "HmacSHA3-384",
        "HmacSHA3-512"};

    /** The header that Kafka puts on a request. */
    private static String header(String algorithm, byte[] key, byte[] body) {
        HttpFields.Mutable fields = HttpFields.build();
        Request request = (Request) Proxy.newProxyInstance(
            Request.class.getClassLoader(), new Class<?>[] {Request.class},
            (proxy, method, arguments) -> {
                @SuppressWarnings("unchecked")
                Consumer<HttpFields.Mutable> add = (Consumer<HttpFields.Mutable>) arguments[0];
                add.accept(fields);
                return proxy;
            });
        InternalRequestSignature.addToRequest(
            Crypto.SYSTEM, new SecretKeySpec(key, "HmacSHA256"), body, algorithm, request);
        if (!algorithm.equals(fields.get(InternalRequestSignature.SIGNATURE_ALGORITHM_HEADER))) {
            throw new IllegalStateException("no algorithm in " + fields);
        }
        return fields.get(InternalRequestSignature.SIGNATURE_HEADER);
    }

    private static byte[] bytes(Random random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void sign(long seed, int count) {
        Random random = new Random(seed);
        HexFormat hex = HexFormat.of();
        for (int i = 0; i < count; i++) {
            String algorithm = ALGORITHMS[i % ALGORITHMS.length];
            // Longer than a block of any of them, too.
            byte[] key = bytes(random, 1 + random.nextInt(200));
            byte[] body = bytes(random, random.nextInt(5) == 0 ? 0 : random.nextInt(400));
            System.out.println(algorithm + " x" + hex.formatHex(key) + " x" + hex.formatHex(body)
                + " " + header(algorithm, key, body));
        }
    }

    private static String verify(String algorithm, byte[] key, byte[] body, String header) {
        HttpHeaders headers = (HttpHeaders) Proxy.newProxyInstance(
            HttpHeaders.class.getClassLoader(), new Class<?>[] {HttpHeaders.class},
            (proxy, method, arguments) ->
                InternalRequestSignature.SIGNATURE_HEADER.equals(arguments[0])
                    ? header : algorithm);
        try {
            return String.valueOf(InternalRequestSignature
                .fromHeaders(Crypto.SYSTEM, body, headers)
                .isValid(new SecretKeySpec(key, "HmacSHA256")));
        } catch (RuntimeException e) {
            return e.getMessage();
        }
    }

    public static void main(String[] arguments) {
        if (arguments[0].equals("sign")) {
            sign(Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]));
            return;
        }
        HexFormat hex = HexFormat.of();
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            String[] parts = lines.nextLine().split(" ", 4);
            System.out.println(verify(parts[0], hex.parseHex(parts[1].substring(1)),
                hex.parseHex(parts[2].substring(1)), parts[3]));
        }
    }
}
