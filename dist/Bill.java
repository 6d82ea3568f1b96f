import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * Completes the bill of materials (CycloneDX) that Maven's plugin has written: by what is no Maven artifact, and with the
 * checksums of the files as they lie in the product. A jar that the bill does not have is an error.
 */
final class Bill {
    private static final Path LIB = Path.of("target/sharedserver/lib");

    private Bill() {}

    public static void main(String[] args) throws Exception {
        Path ofMaven = Path.of(args[0]);
        if (!Files.exists(ofMaven)) {
            System.err.println("there is no " + ofMaven + ": CycloneDX makes it only online; run Maven without -o");
            System.exit(1);
        }
        JsonObject bill = JsonParser.parseString(Files.readString(ofMaven)).getAsJsonObject();
        JsonArray parts = new JsonArray();
        Set<String> unnamed = jars();
        for (JsonElement element : bill.getAsJsonArray("components")) {
            JsonObject part = element.getAsJsonObject();
            String jar = part.get("name").getAsString() + ".jar";
            if (unnamed.remove(jar)) {
                part.add("hashes", hashes(LIB.resolve(jar)));
                if (jar.startsWith("jline-")) {
                    // its pom says "The BSD License", which is read as the oldest of them
                    part.add("licenses", licenses("BSD-3-Clause"));
                }
                parts.add(part);
            }
        }
        if (!unnamed.isEmpty()) {
            System.err.println("no part of the bill of materials: " + unnamed + "; if Maven ran with -o, " + ofMaven
                    + " is of an older build: run it without");
            System.exit(1);
        }
        parts.add(runtime());
        parts.add(launcher(bill));
        bill.add("components", parts);
        // Maven's graph has modules in it that are no files
        bill.remove("dependencies");
        Files.writeString(
                Path.of(args[1]),
                new GsonBuilder()
                                .setPrettyPrinting()
                                .disableHtmlEscaping()
                                .create()
                                .toJson(bill) + "\n");
    }

    private static Set<String> jars() throws IOException {
        Set<String> names = new TreeSet<>();
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(LIB, "*.jar")) {
            jars.forEach(jar -> names.add(jar.getFileName().toString()));
        }
        return names;
    }

    private static JsonObject runtime() throws IOException, NoSuchAlgorithmException {
        Properties release = new Properties();
        try (var in = Files.newBufferedReader(LIB.resolve("runtime/release"))) {
            release.load(in);
        }
        JsonObject part = new JsonObject();
        part.addProperty("type", "platform");
        part.addProperty("name", "OpenJDK");
        part.addProperty("version", release.getProperty("JAVA_VERSION").replace("\"", ""));
        part.addProperty(
                "description",
                "run-time image of " + System.getProperty("java.vendor") + ", modules "
                        + release.getProperty("MODULES").replace("\"", ""));
        JsonArray licenses = new JsonArray();
        JsonObject expression = new JsonObject();
        expression.addProperty("expression", "GPL-2.0-only WITH Classpath-exception-2.0");
        licenses.add(expression);
        part.add("licenses", licenses);
        part.add("hashes", hashes(LIB.resolve("runtime/lib/modules")));
        return part;
    }

    private static JsonObject launcher(JsonObject bill) throws IOException, NoSuchAlgorithmException {
        JsonObject part = new JsonObject();
        part.addProperty("type", "application");
        part.addProperty("name", "sharedserver-launcher");
        part.add(
                "version",
                bill.getAsJsonObject("metadata").getAsJsonObject("component").get("version"));
        part.addProperty("description", "launcher and guard, C, with the C library that it was linked with");
        part.add("licenses", licenses("Apache-2.0"));
        part.add("hashes", hashes(LIB.resolveSibling("bin/sharedserver")));
        return part;
    }

    private static JsonArray licenses(String id) {
        JsonObject named = new JsonObject();
        named.addProperty("id", id);
        JsonObject license = new JsonObject();
        license.add("license", named);
        JsonArray licenses = new JsonArray();
        licenses.add(license);
        return licenses;
    }

    private static JsonArray hashes(Path file) throws IOException, NoSuchAlgorithmException {
        JsonObject hash = new JsonObject();
        hash.addProperty("alg", "SHA-256");
        hash.addProperty(
                "content",
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file))));
        JsonArray hashes = new JsonArray();
        hashes.add(hash);
        return hashes;
    }
}
