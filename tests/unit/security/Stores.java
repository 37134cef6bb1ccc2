// Makes key and trust stores with the JDK's keytool and KeyStore:
//   java --add-exports java.base/sun.security.tools.keytool=ALL-UNNAMED Stores.java FOLDER
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.spec.SecretKeySpec;

public class Stores {
  static Path folder;
  static final String STORE = "store-word";
  static final String KEY = "key-word-1";

  static void keytool(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    all.addAll(List.of("-noprompt"));
    sun.security.tools.keytool.Main.main(all.toArray(new String[0]));
  }

  static String file(String name) {
    return folder.resolve(name).toString();
  }

  /** A key "server" signed by the CA "ca", whose own key is removed again. */
  static void makeKeys(String name, String type, String keyPassword) throws Exception {
    String[] common = {"-keystore", file(name), "-storetype", type, "-storepass", STORE};
    for (String alias : new String[] {"ca", "server"}) {
      List<String> all = new ArrayList<>(List.of("-genkeypair", "-alias", alias, "-keyalg", "EC",
          "-groupname", "secp256r1", "-dname", "CN=" + alias, "-validity", "30", "-keypass",
          keyPassword));
      if (alias.equals("ca")) all.addAll(List.of("-ext", "bc:c"));
      else all.addAll(List.of("-signer", "ca", "-signerkeypass", keyPassword));
      all.addAll(Arrays.asList(common));
      keytool(all.toArray(new String[0]));
    }
    KeyStore store = load(name, type, STORE);
    pem(name + ".ca.pem", store.getCertificate("ca"));
    pem(name + ".server.pem", store.getCertificate("server"));
    List<String> delete = new ArrayList<>(List.of("-delete", "-alias", "ca"));
    delete.addAll(Arrays.asList(common));
    keytool(delete.toArray(new String[0]));
  }

  static KeyStore load(String name, String type, String password) throws Exception {
    KeyStore store = KeyStore.getInstance(type);
    try (FileInputStream in = new FileInputStream(file(name))) {
      store.load(in, password.toCharArray());
    }
    return store;
  }

  static void save(KeyStore store, String name, String password) throws Exception {
    try (FileOutputStream out = new FileOutputStream(file(name))) {
      store.store(out, password == null ? null : password.toCharArray());
    }
  }

  static KeyStore empty(String type) throws Exception {
    KeyStore store = KeyStore.getInstance(type);
    store.load(null, null);
    return store;
  }

  static void pem(String name, Certificate certificate) throws Exception {
    Files.writeString(folder.resolve(name), "-----BEGIN CERTIFICATE-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded())
        + "\n-----END CERTIFICATE-----\n");
  }

  static void importTrust(String name, String type) throws Exception {
    for (String ca : new String[] {"key.jks.ca.pem", "key.p12.ca.pem"}) {
      keytool("-importcert", "-alias", ca, "-file", file(ca), "-keystore", file(name),
          "-storetype", type, "-storepass", STORE);
    }
  }

  public static void main(String[] arguments) throws Exception {
    folder = Path.of(arguments[0]);
    makeKeys("key.jks", "JKS", KEY);
    makeKeys("key.p12", "PKCS12", STORE);
    for (String type : new String[] {"JKS", "PKCS12", "JCEKS"}) {
      importTrust("trust." + type.toLowerCase(), type);
    }
    KeyStore jks = load("key.jks", "JKS", STORE);
    var key = jks.getKey("server", KEY.toCharArray());
    Certificate[] chain = jks.getCertificateChain("server");

    String wide = "w\u00f6rd-\u20ac-\ud83d\ude00";
    KeyStore store = empty("JKS");
    store.setKeyEntry("\u00fcber", key, wide.toCharArray(), chain);
    save(store, "wide.jks", wide);

    store = empty("JKS");
    for (String alias : new String[] {"one", "two", "three"}) {
      store.setKeyEntry(alias, key, STORE.toCharArray(), chain);
    }
    save(store, "several.jks", STORE);
    store = empty("PKCS12");
    store.setKeyEntry("one", key, STORE.toCharArray(), chain);
    store.setKeyEntry("two", key, STORE.toCharArray(), chain);
    store.setCertificateEntry("other",
        load("trust.jks", "JKS", STORE).getCertificate("key.p12.ca.pem"));
    save(store, "several.p12", STORE);

    store = empty("JCEKS");
    store.setKeyEntry("server", key, STORE.toCharArray(), chain);
    save(store, "key.jceks", STORE);
    store.setKeyEntry("secret", new SecretKeySpec(new byte[16], "AES"), STORE.toCharArray(), null);
    save(store, "secret.jceks", STORE);
    save(empty("JKS"), "empty.jks", STORE);

    System.setProperty("keystore.pkcs12.certProtectionAlgorithm", "PBEWithSHA1AndRC2_40");
    System.setProperty("keystore.pkcs12.keyProtectionAlgorithm", "PBEWithSHA1AndDESede");
    System.setProperty("keystore.pkcs12.macAlgorithm", "HmacPBESHA1");
    store = empty("PKCS12");
    store.setKeyEntry("server", key, STORE.toCharArray(), chain);
    save(store, "old.p12", STORE);
    store = empty("PKCS12");
    store.setCertificateEntry("ca", chain[1]);
    save(store, "old-trust.p12", STORE);

    System.setProperty("keystore.pkcs12.certProtectionAlgorithm", "NONE");
    System.setProperty("keystore.pkcs12.macAlgorithm", "NONE");
    save(store, "open-trust.p12", null);
  }
}
