package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.lsp.mux.Memory;
import dev.sharedserver.lsp.mux.Settings;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The language servers that run, and how one comes to run. */
final class Instances {

    private final Path directory;
    private final Product product;
    private final Settings settings;
    private final Proc proc = new Proc(OsText::decode);
    private final TreeMap<String, Instance> all = new TreeMap<>();

    /** @param directory where each server has a directory of its own */
    Instances(Path directory, Product product, Settings settings) {
        this.directory = directory;
        this.product = product;
        this.settings = settings;
    }

    synchronized List<Instance> all() {
        return List.copyOf(all.values());
    }

    synchronized @Nullable Instance of(String name) {
        return all.get(name);
    }

    private synchronized void ended(Instance instance) {
        all.remove(instance.name(), instance);
        remove(instance.directory());
    }

    // ---- names ----

    /** Returns the name of the server that is meant: everybody who means the same gets the same. */
    static String name(Options options, String root) throws NotServed {
        String given = options.name();
        if (given != null) {
            return "lsp-" + given;
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String word : options.command()) {
                digest.update((word + "\0").getBytes(StandardCharsets.UTF_8));
            }
            digest.update(("\0" + root + "\0" + String.join("\0", options.env())).getBytes(StandardCharsets.UTF_8));
            String program = options.command().get(0);
            String base = program.substring(program.lastIndexOf('/') + 1);
            return "lsp-" + (base.length() > 40 ? base.substring(0, 40) : base) + "-"
                    + HexFormat.of().formatHex(digest.digest(), 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new NotServed(1, "this run-time has no SHA-256");
        }
    }

    // ---- starting ----

    /**
     * Returns the server that is meant, held by a process; started if it does not run.
     *
     * @param client who holds it, 0 for nobody
     */
    synchronized Instance use(Options options, String root, long client, Request request)
            throws IOException, InterruptedException, NotServed {
        String name = name(options, root);
        Path place = directory.resolve(name);
        Instance running = all.get(name);
        if (running != null && !running.hasEnded() && held(running, client)) {
            return running;
        }
        if (options.command().isEmpty()) {
            throw new NotServed(1, "no language server " + name.substring(4) + " runs: give its command behind --");
        }
        checked(name);
        remove(place);
        Files.createDirectories(
                place, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            return started(name, place, options, root, client, request);
        } catch (IOException | NotServed e) {
            remove(place);
            throw e;
        }
    }

    private static void checked(String name) throws NotServed {
        try {
            ServerName.of(name);
        } catch (InvalidInput e) {
            throw new NotServed(64, String.valueOf(e.getMessage()));
        }
    }

    private boolean held(Instance running, long client) throws IOException, InterruptedException {
        if (client == 0) {
            return true;
        }
        try {
            product.hold(running.name(), client, "lsp connect");
            return true;
        } catch (NotServed e) {
            return false; // it has just ended
        }
    }

    private Instance started(String name, Path place, Options options, String root, long client, Request request)
            throws IOException, InterruptedException, NotServed {
        makeFifos(place);
        Instance.Pipes pipes = Instance.Pipes.open(place);
        try {
            Product.Server server = product.use(
                    name,
                    new Product.Launch(place, options.command(), root, options.env(), options.idle()),
                    client,
                    request.environment());
            ProcStat stat = proc.stat(server.pid());
            if (!server.action().equals("started") || stat == null) {
                throw new NotServed(
                        1,
                        stat == null
                                ? "language server " + name + " has ended at once\n" + Tail.of(server.logFile())
                                : "server " + name + " runs already, without this hub: stop it first");
            }
            OnDisk record = new OnDisk(
                    name, server.pid(), stat.startTime(), options.command(), root, server.logFile(), Memory.EMPTY);
            Thread.ofVirtual().start(() -> holdHub(record));
            return serve(place, record, pipes, false);
        } catch (IOException | NotServed e) {
            pipes.close();
            throw e;
        }
    }

    private Instance serve(Path place, OnDisk record, Instance.Pipes pipes, boolean resumed) throws IOException {
        Instance instance = new Instance(place, record, pipes, Journal.open(place), settings, resumed, this::ended);
        all.put(record.name(), instance);
        instance.start();
        return instance;
    }

    private static void makeFifos(Path place) throws IOException, InterruptedException {
        Process made = new ProcessBuilder(
                        "mkfifo",
                        "-m",
                        "600",
                        place.resolve("in").toString(),
                        place.resolve("out").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (made.waitFor() != 0) {
            throw new IOException("mkfifo in " + place + ": " + said.strip());
        }
    }

    // ---- after a hub that was killed ----

    /** Takes over the servers that a predecessor has left. */
    synchronized void recover() throws IOException, InterruptedException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        List<Path> places = new ArrayList<>();
        try (Stream<Path> found = Files.list(directory)) {
            found.forEach(places::add);
        }
        for (Path place : places) {
            OnDisk record = OnDisk.read(place);
            ProcStat stat = record == null ? null : proc.stat(record.pid());
            if (record == null || stat == null || !stat.alive() || stat.startTime() != record.stamp()) {
                remove(place);
                continue;
            }
            try {
                serve(place, record, Instance.Pipes.open(place), true);
                System.out.println("took over " + record.name() + " (pid " + record.pid() + ")");
                // who attaches to what starts is answered when it is ready, which we are not yet
                Thread.ofVirtual().start(() -> holdHub(record));
            } catch (IOException e) {
                System.out.println(record.name() + " cannot be taken over: " + e.getMessage());
            }
        }
    }

    private void holdHub(OnDisk record) {
        try {
            product.hold(ServerName.LSP.value(), record.pid(), record.name());
        } catch (IOException | NotServed e) {
            System.out.println(record.name() + " does not hold the hub: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void remove(Path tree) {
        if (!Files.isDirectory(tree)) {
            return;
        }
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.out.println(tree + " cannot be removed: " + e.getMessage());
        }
    }
}
