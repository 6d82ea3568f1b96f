import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Assembles the product in target/sharedserver. Runs on the JDK that the product's run-time image is made of.
 *
 * <pre>
 *     bin/sharedserver     launcher and guard; where there is no such program, build/portable.sh puts one in Java there
 *     lib/*.jar            the agent and what it needs
 *     lib/runtime/         run-time image of the modules that these need (jlink)
 *     lib/version          what launcher and jars were built as: the answer to --version
 *     lib/agent.options    how the guard starts the agent
 *     lib/agent-HASH.aot   AOT cache, made by lib/make-aot-cache.sh after this program
 *     lib/PROGRAM.options  how a program of its own is started: top (the live view), lsp and dev (hubs), mcp
 *     lib/PROGRAM-HASH.aot its AOT cache, if its options name one, made by lib/make-program-cache.sh
 *     lib/no-servers.json  a config that means nothing, for the live view
 *     share/               completions for bash, zsh and fish, and the manual page
 * </pre>
 *
 * <p>share/sharedserver/neovim is the Neovim plugin. Everything in src/ is copied as it is, but for @NAME@ in the *.options. What is up to date is kept: a build after a
 * small change costs the copies, and a new AOT cache if a jar changed.
 */
final class Assemble {
    private static final Path HOME = Path.of("target/sharedserver");
    private static final Path LIB = HOME.resolve("lib");
    private static final Path RUNTIME = LIB.resolve("runtime");

    private static final Map<String, List<String>> TEXTS = Map.of(
            "bash-completion/completions/sharedserver",
            List.of("completion", "bash"),
            "zsh/site-functions/_sharedserver",
            List.of("completion", "zsh"),
            "fish/vendor_completions.d/sharedserver.fish",
            List.of("completion", "fish"),
            "man/man1/sharedserver.1",
            List.of("__man"));

    /** The agent's jars; a program gets all. */
    private static final Set<String> OF_AGENT = Set.of(
            "sharedserver-core.jar",
            "sharedserver-os.jar",
            "sharedserver-cli.jar",
            "sharedserver-agent.jar",
            "gson.jar",
            "re2j.jar");

    /** Made, and left in target/ for build/portable.sh. */
    private static final String PORTABLE = "sharedserver-portable.jar";

    private static final List<String> PROGRAMS = List.of("top", "lsp", "mcp", "dev");

    private Assemble() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            throw new IllegalArgumentException("usage: Assemble LAUNCHER CLASSPATH");
        }
        Files.createDirectories(HOME.resolve("bin"));
        Files.createDirectories(LIB);
        if (Files.exists(Path.of(args[0]))) {
            replace(Path.of(args[0]), HOME.resolve("bin/sharedserver"));
        } else {
            Files.deleteIfExists(HOME.resolve("bin/sharedserver"));
        }
        replace(Path.of(args[0] + ".version"), LIB.resolve("version"));
        List<Path> jars = copyJars(args[1]);
        makeRuntime(jars);
        copySources(jars);
        copyPlugin("neovim", part -> !part.startsWith("test"));
        copyPlugin("claude-code", part -> !part.startsWith("test"));
        // compiled by its build.sh, which needs npm: without that there is no plugin in the product
        boolean compiled = Files.exists(Path.of("../integrations/opencode/dist/index.js"));
        copyPlugin("opencode", part -> compiled && (part.startsWith("dist") || part.startsWith("package.json")));
        writeTexts(jars);
    }

    /** Writes completions and manual page, which the code that answers `completion` and `--help` makes. */
    private static void writeTexts(List<Path> jars) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (Path jar : jars) {
            urls.add(jar.toUri().toURL());
        }
        try (URLClassLoader classes = new URLClassLoader(urls.toArray(URL[]::new))) {
            Class<?> commandLine = classes.loadClass("dev.sharedserver.cli.CommandLine");
            for (Map.Entry<String, List<String>> text : TEXTS.entrySet()) {
                Object print = commandLine
                        .getMethod("parse", List.class, String.class)
                        .invoke(
                                null,
                                text.getValue(),
                                Files.readString(LIB.resolve("version")).strip());
                Path made = Path.of("target/text.new");
                Files.writeString(
                        made, (String) print.getClass().getMethod("text").invoke(print));
                Path target = HOME.resolve("share").resolve(text.getKey());
                Files.createDirectories(target.getParent());
                replace(made, target);
            }
        }
    }

    /** Copies the jars without versions in their names, so that no stale one stays beside a new one; ours as plain code. */
    private static List<Path> copyJars(String classPath) throws IOException {
        List<Path> originals = Stream.of(classPath.split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar"))
                .map(Path::of)
                .toList();
        List<URL> urls = new ArrayList<>();
        for (Path jar : originals) {
            urls.add(jar.toUri().toURL());
        }
        List<Path> jars = new ArrayList<>();
        try (URLClassLoader classes = new URLClassLoader(urls.toArray(URL[]::new))) {
            for (Path jar : originals) {
                String name = jar.getFileName().toString().replaceFirst("-[0-9][^/]*$", "") + ".jar";
                Path copy = LIB.resolve(name);
                Path wanted = name.startsWith("sharedserver-") ? withDirectCode(jar, classes) : jar;
                if (name.equals(PORTABLE)) {
                    replace(wanted, Path.of("target", PORTABLE));
                } else {
                    replace(wanted, copy);
                    jars.add(copy);
                }
            }
        }
        try (DirectoryStream<Path> present = Files.newDirectoryStream(LIB, "*.jar")) {
            for (Path jar : present) {
                if (!jars.contains(jar)) {
                    Files.delete(jar);
                }
            }
        }
        return jars;
    }

    private static Path withDirectCode(Path jar, ClassLoader classes) throws IOException {
        Path result = Path.of("target", jar.getFileName().toString());
        try (ZipFile from = new ZipFile(jar.toFile());
                ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(result))) {
            for (ZipEntry entry : Collections.list(from.entries())) {
                byte[] bytes = from.getInputStream(entry).readAllBytes();
                ZipEntry written = new ZipEntry(entry.getName());
                written.setLastModifiedTime(entry.getLastModifiedTime()); // Maven's: the build is reproducible
                to.putNextEntry(written);
                to.write(entry.getName().endsWith(".class") ? DirectCode.of(bytes, classes) : bytes);
            }
        }
        return result;
    }

    /**
     * Links a run-time image of the modules that our own jars use; Gson's wish for java.sql concerns code we do not call, and what calls slf4j says
     * nothing to it (jdeps takes its jars, which are modules, for another place of the same packages).
     */
    private static void makeRuntime(List<Path> jars) throws IOException {
        List<String> jdeps = new ArrayList<>(List.of(
                "--multi-release",
                "25",
                "--ignore-missing-deps",
                "--no-recursive",
                "--print-module-deps",
                "-cp",
                classPath(jars, "")));
        jars.stream()
                .map(Path::toString)
                .filter(jar -> !jar.endsWith("gson.jar") && !jar.contains("slf4j"))
                .forEach(jdeps::add);
        // sun.misc.Signal, which JLine finds by reflection
        String modules = run("jdeps", jdeps).strip() + ",jdk.unsupported";
        String wanted =
                String.join("\n", System.getProperty("java.home"), System.getProperty("java.vm.version"), modules)
                        + "\n";
        Path made = Path.of("target/runtime.txt");
        if (Files.isDirectory(RUNTIME)
                && Files.exists(made)
                && Files.readString(made).equals(wanted)) {
            return;
        }
        delete(RUNTIME);
        run(
                "jlink",
                List.of(
                        "--add-modules",
                        modules,
                        "--strip-debug",
                        "--no-header-files",
                        "--no-man-pages",
                        "--compress",
                        "zip-0",
                        "--output",
                        RUNTIME.toString()));
        Files.writeString(made, wanted);
    }

    /** Copies the wanted parts of an editor's plugin; what is not there any more goes. */
    private static void copyPlugin(String name, Predicate<Path> wanting) throws IOException {
        Path source = Path.of("../integrations").resolve(name);
        Path plugin = Files.createDirectories(HOME.resolve("share/sharedserver").resolve(name));
        List<Path> wanted = new ArrayList<>();
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path relative = source.relativize(file);
                if (wanting.test(relative)) {
                    Path target = plugin.resolve(relative);
                    Files.createDirectories(target.getParent());
                    replace(file, target);
                    wanted.add(target);
                }
            }
        }
        try (Stream<Path> present = Files.walk(plugin)) {
            for (Path file : present.filter(Files::isRegularFile).toList()) {
                if (!wanted.contains(file)) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Copies src/ and removes AOT caches of other jars. */
    private static void copySources(List<Path> jars) throws Exception {
        Path source = Path.of("src");
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = HOME.resolve(source.relativize(file).toString());
                Files.createDirectories(target.getParent());
                if (!file.toString().endsWith(".options")) {
                    replace(file, target);
                }
            }
        }
        List<String> caches = new ArrayList<>();
        caches.add(
                writeOptions("agent", jars.stream().filter(Assemble::isOfAgent).toList()));
        for (String program : PROGRAMS) {
            caches.add(writeOptions(program, jars));
        }
        try (DirectoryStream<Path> present = Files.newDirectoryStream(LIB, "*.aot")) {
            for (Path old : present) {
                if (!caches.contains(old.getFileName().toString())) {
                    Files.delete(old);
                }
            }
        }
    }

    /** Tells whether the agent needs a jar: it does not open what only the other programs need. */
    private static boolean isOfAgent(Path jar) {
        return OF_AGENT.contains(jar.getFileName().toString());
    }

    /** Writes how a program is started and returns the name of its AOT cache. */
    private static String writeOptions(String program, List<Path> jars) throws IOException, NoSuchAlgorithmException {
        String options = Files.readString(Path.of("src/lib", program + ".options"))
                .replace("@CLASSPATH@", classPath(jars, "%h/lib/"));
        String cache = program + "-" + hash(jars, options) + ".aot";
        Files.writeString(LIB.resolve(program + ".options"), options.replace("@CACHE@", cache));
        return cache;
    }

    /**
     * Returns what an AOT cache depends on: the jars, the JVM and its options. The JVM itself compares neither the jars'
     * time stamps nor their sizes: it would run the code in the cache, whatever the jars hold (measured, JDK 25.0.3).
     */
    private static String hash(List<Path> jars, String options) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(options.getBytes(StandardCharsets.UTF_8));
        List<Path> files = new ArrayList<>(jars);
        files.add(RUNTIME.resolve("lib/server/libjvm.so"));
        files.add(RUNTIME.resolve("lib/modules"));
        for (Path file : files) {
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
        }
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }

    private static String classPath(List<Path> jars, String directory) {
        return jars.stream()
                .map(jar -> directory.isEmpty() ? jar.toString() : directory + jar.getFileName())
                .collect(Collectors.joining(":"));
    }

    /** Copies by way of a temporary name: a product that runs keeps the file it has. */
    private static void replace(Path from, Path to) throws IOException {
        if (Files.exists(to) && Files.mismatch(from, to) < 0) {
            return;
        }
        Path copy = to.resolveSibling(".new-" + to.getFileName());
        Files.copy(from, copy, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        Files.move(copy, to, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void delete(Path tree) throws IOException {
        if (Files.isDirectory(tree)) {
            try (Stream<Path> files = Files.walk(tree)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static String run(String tool, List<String> arguments) {
        StringWriter out = new StringWriter();
        int status = ToolProvider.findFirst(tool)
                .orElseThrow(() -> new IllegalStateException("the JDK has no " + tool))
                .run(new PrintWriter(out), new PrintWriter(out), arguments.toArray(String[]::new));
        if (status != 0) {
            throw new IllegalStateException(tool + " " + String.join(" ", arguments) + ":\n" + out);
        }
        return out.toString();
    }
}
