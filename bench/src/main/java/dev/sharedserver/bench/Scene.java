package dev.sharedserver.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A state directory of its own with live clients; everything is stopped when it is closed. */
final class Scene implements AutoCloseable {
    private final Path bin;
    private final Path root;
    private final Path lockdir;
    private final List<Process> clients = new ArrayList<>();
    private final Map<String, String> env = new HashMap<>();

    Scene(Path bin, Path parent) throws IOException {
        this.bin = bin;
        this.root = Files.createTempDirectory(parent, "ss-bench-");
        this.lockdir = root.resolve("locks");
        env.put("PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"));
        env.put("HOME", root.toString());
        env.put("LANG", "C.UTF-8");
        env.put("SS", bin.toString());
        env.put("SHAREDSERVER_LOCKDIR", lockdir.toString());
    }

    Path root() {
        return root;
    }

    Path lockdir() {
        return lockdir;
    }

    Map<String, String> env() {
        return env;
    }

    /** Starts a live client and returns its pid. */
    long client() throws IOException {
        Process client = process(List.of("sleep", "3600")).start();
        clients.add(client);
        return client.pid();
    }

    String sharedserver(String... args) throws IOException, InterruptedException {
        List<String> argv = new ArrayList<>(List.of(bin.toString()));
        argv.addAll(List.of(args));
        return run(argv);
    }

    String sh(String script, String... args) throws IOException, InterruptedException {
        List<String> argv = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        argv.addAll(List.of(args));
        return run(argv);
    }

    private String run(List<String> argv) throws IOException, InterruptedException {
        Process process = process(argv).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException(String.join(" ", argv) + " failed: " + out);
        }
        return out;
    }

    ProcessBuilder process(List<String> argv) {
        ProcessBuilder builder =
                new ProcessBuilder(argv).directory(root.toFile()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(env());
        return builder;
    }

    /** Returns the count that stands on disk; 0 where there is no file. */
    int refcountOnDisk(String name) throws IOException {
        try {
            JsonObject clientsFile = JsonParser.parseString(Files.readString(lockdir.resolve(name + ".clients.json")))
                    .getAsJsonObject();
            return clientsFile.get("refcount").getAsInt();
        } catch (NoSuchFileException nobody) {
            return 0;
        }
    }

    /** Returns the pids of guard and agent: those that hold the lock. */
    List<Long> overseers() throws IOException {
        String lock = lockdir.resolve(".agent.lock").toString();
        List<Long> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                if (holds(process, lock)) {
                    found.add(Long.parseLong(process.getFileName().toString()));
                }
            }
        }
        return found;
    }

    private static boolean holds(Path process, String file) {
        try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
            for (Path descriptor : descriptors.toList()) {
                if (Files.readSymbolicLink(descriptor).toString().equals(file)) {
                    return true;
                }
            }
        } catch (IOException gone) {
            return false;
        }
        return false;
    }

    /** Returns the proportional set size of guard and agent together, in MB (10^6 bytes). */
    double residentMegabytes() throws IOException {
        long kilobytes = 0;
        for (long pid : overseers()) {
            String rollup = Files.readString(Path.of("/proc/" + pid + "/smaps_rollup"));
            kilobytes += rollup.lines()
                    .filter(line -> line.startsWith("Pss:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .sum();
        }
        return kilobytes * 1024 / 1e6;
    }

    /** Waits until the agent sleeps; returns the guard. */
    long awaitAsleep() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        List<Long> left = overseers();
        while (left.size() != 1) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the agent does not sleep: " + left);
            }
            Thread.sleep(20);
            left = overseers();
        }
        return left.get(0);
    }

    /** Returns the size of what the guard keeps for a sleeping agent, which it does not map, in MB (10^6 bytes). */
    static double snapshotMegabytes(long guard) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + guard + "/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                if (Files.readSymbolicLink(descriptor).toString().startsWith("/memfd:")) {
                    return Files.size(descriptor) / 1e6;
                }
            }
        }
        throw new IllegalStateException("the guard has no snapshot");
    }

    /** Returns how often a process of one thread has been switched to. */
    static long switches(long pid) throws IOException {
        return Files.readString(Path.of("/proc/" + pid + "/status"))
                .lines()
                .filter(line -> line.contains("ctxt_switches"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum();
    }

    /** Stops every server, then waits until guard and agent have gone by themselves. */
    @Override
    public void close() throws IOException {
        try {
            stopEverything();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void stopEverything() throws IOException, InterruptedException {
        sh("for f in \"$SHAREDSERVER_LOCKDIR\"/*.server.json; do [ -e \"$f\" ] || continue; n=${f##*/};"
                + " \"$SS\" admin kill \"${n%.server.json}\"; done; exit 0");
        for (Process client : clients) {
            client.destroyForcibly();
        }
        awaitNothingRunning();
        sh("rm -rf \"$1\"", root.toString());
    }

    void awaitNothingRunning() throws IOException, InterruptedException {
        for (int i = 0; i < 300 && !overseers().isEmpty(); i++) {
            Thread.sleep(50);
        }
    }
}
