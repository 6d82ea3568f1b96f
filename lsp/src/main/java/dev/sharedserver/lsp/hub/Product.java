package dev.sharedserver.lsp.hub;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.sharedserver.core.ServerName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** This product's own command, by which servers are started and held. */
final class Product {

    private final Path command;
    private final Path directory;
    private final Path noServers;

    Product(Path command, Path directory) {
        this.command = command;
        this.directory = directory;
        this.noServers = command.resolveSibling("../lib/no-servers.json").normalize();
    }

    /**
     * A server that was started or attached to.
     *
     * @param logFile null if it has none
     */
    record Server(String action, long pid, @Nullable String logFile) {}

    /**
     * Starts a server, or attaches to it.
     *
     * @param client who holds it; 0 for nobody
     * @param environment the server's
     */
    Server use(String name, Launch launch, long client, List<String> environment)
            throws IOException, InterruptedException, NotServed {
        List<String> argv = new ArrayList<>();
        if (client == 0) {
            argv.addAll(List.of("admin", "start", name));
        } else {
            argv.addAll(List.of(
                    "use",
                    name,
                    "--pid",
                    Long.toString(client),
                    "--on-mismatch",
                    "ignore",
                    "--metadata",
                    "lsp connect"));
        }
        argv.addAll(List.of(
                "--json",
                "--config",
                noServers.toString(),
                "--grace-period",
                launch.idle(),
                "--working-dir",
                launch.root(),
                "--stdin",
                launch.directory().resolve("in").toString(),
                "--stdout",
                launch.directory().resolve("out").toString()));
        for (String entry : launch.env()) {
            argv.add("--env");
            argv.add(entry);
        }
        argv.add("--");
        argv.addAll(launch.command());
        String answer = run(argv, environment);
        try {
            JsonObject object = JsonParser.parseString(answer).getAsJsonObject();
            return new Server(
                    object.get("action").getAsString(),
                    object.get("pid").getAsLong(),
                    object.get("log_file") == null || object.get("log_file").isJsonNull()
                            ? null
                            : object.get("log_file").getAsString());
        } catch (JsonParseException | IllegalStateException e) {
            throw new NotServed(1, "what sharedserver answered is not understood: " + answer);
        }
    }

    /**
     * What a language server is started by.
     *
     * @param directory where its FIFOs are
     * @param root its working directory
     */
    record Launch(Path directory, List<String> command, String root, List<String> env, String idle) {}

    /** Ends a server, whoever uses it, and waits for its end. */
    void stop(String name) throws IOException, InterruptedException, NotServed {
        run(List.of("stop", name, "--even-if-used"), null);
    }

    /** Has a process hold a server. */
    void hold(String name, long pid, String metadata) throws IOException, InterruptedException, NotServed {
        run(List.of("admin", "incref", name, "--pid", Long.toString(pid), "--metadata", metadata), null);
    }

    /** Has a process hold this hub. */
    void hold(long pid, String metadata) {
        NotServed refused = refusedHold(pid, metadata);
        if (refused != null) {
            System.out.println(metadata + " does not hold the hub: " + refused.text());
        }
    }

    /** Has a process hold this hub; returns why it does not, null if it does. */
    @Nullable
    NotServed refusedHold(long pid, String metadata) {
        try {
            hold(ServerName.LSP.value(), pid, metadata);
            return null;
        } catch (NotServed e) {
            return e;
        } catch (IOException e) {
            return new NotServed(1, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new NotServed(1, "interrupted");
        }
    }

    /** A process holds this hub no more, if it did. */
    void letGo(long pid) {
        try {
            run(List.of("admin", "decref", ServerName.LSP.value(), "--pid", Long.toString(pid)), null);
        } catch (IOException | NotServed e) {
            System.out.println("process " + pid + " goes on holding the hub: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String run(List<String> arguments, @Nullable List<String> environment)
            throws IOException, InterruptedException, NotServed {
        List<String> argv = new ArrayList<>();
        argv.add(command.toString());
        argv.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(argv).directory(directory.toFile());
        Map<String, String> variables = builder.environment();
        if (environment == null) {
            variables.put("SHAREDSERVER_CONFIG", noServers.toString());
            variables.put("SHAREDSERVER_LOCKDIR", directory.toString());
        } else {
            variables.clear();
            for (String entry : environment) {
                int equals = entry.indexOf('=');
                if (equals > 0) {
                    variables.put(entry.substring(0, equals), entry.substring(equals + 1));
                }
            }
        }
        Process process = builder.redirectInput(Path.of("/dev/null").toFile()).start();
        byte[][] err = {new byte[0]};
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                err[0] = process.getErrorStream().readAllBytes();
            } catch (IOException e) {
                err[0] = new byte[0];
            }
        });
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        reader.join();
        int exit = process.waitFor();
        if (exit != 0) {
            throw new NotServed(exit, new String(err[0], StandardCharsets.UTF_8).strip());
        }
        return out;
    }
}
