package dev.sharedserver.top;

import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** This product's own command. */
final class Product {

    /** The variables that were put aside because they would have changed our JVM, and what their names begin with. */
    private static final String ASIDE = "SHAREDSERVER_ASIDE_";

    private final Path command;

    /** A config without servers. */
    private final Path noServers;

    Product(Path command) {
        this.command = command;
        this.noServers = command.resolveSibling("../lib/no-servers.json").normalize();
    }

    /** What a name means to a command. */
    enum Names {
        /** The server that list shows under it, also where a config has a server of its own by that name. */
        EXACT,
        /** What it means to who types it where we were started. */
        BY_CONFIG
    }

    /** What a command said. */
    private record Answer(int exit, String out, String err) {}

    /** Returns all servers; those in their grace period with its end. */
    List<Served> list() throws IOException, InterruptedException {
        List<Served> servers = new ArrayList<>();
        for (Served server : Listing.parse(ask(List.of("list", "--json")))) {
            servers.add(server.inGrace() ? server.endingAt(graceEnd(server.name())) : server);
        }
        return servers;
    }

    private @Nullable Long graceEnd(String name) throws IOException, InterruptedException {
        Long left = Listing.graceRemaining(ask(List.of("info", name, "--json")));
        return left == null ? null : System.currentTimeMillis() + left;
    }

    private String ask(List<String> arguments) throws IOException, InterruptedException {
        Answer answer = call(arguments, Names.EXACT);
        if (answer.exit() != 0) {
            throw new IOException(said(answer));
        }
        return answer.out();
    }

    /** Carries out a command and returns what it had to say, in one line and safe to show. */
    String tell(List<String> arguments, Names names) throws IOException, InterruptedException {
        return said(call(arguments, names));
    }

    private static String said(Answer answer) {
        String text = answer.err().isBlank() ? answer.out() : answer.err();
        return text.isBlank()
                ? "exit code " + answer.exit()
                : Quote.escape(text.strip().replace('\n', ' '));
    }

    private Answer call(List<String> arguments, Names names) throws IOException, InterruptedException {
        Process process = start(new ProcessBuilder(), arguments, names);
        process.getOutputStream().close();
        byte[][] err = new byte[1][];
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                err[0] = process.getErrorStream().readAllBytes();
            } catch (IOException e) {
                err[0] = new byte[0];
            }
        });
        byte[] out = process.getInputStream().readAllBytes();
        reader.join();
        return new Answer(
                process.waitFor(),
                new String(out, StandardCharsets.UTF_8),
                new String(err[0] == null ? new byte[0] : err[0], StandardCharsets.UTF_8));
    }

    /** Starts to follow a server's log on our own terminal, its last lines first. */
    Process followLog(String name, int lines) throws IOException {
        ProcessBuilder builder = new ProcessBuilder()
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        return start(builder, List.of("logs", name, "-f", "-n", Integer.toString(lines)), Names.EXACT);
    }

    private Process start(ProcessBuilder builder, List<String> arguments, Names names) throws IOException {
        Map<String, String> environment = builder.environment();
        environment.remove("LC_ALL"); // ours
        for (String variable : List.copyOf(environment.keySet())) {
            if (variable.startsWith(ASIDE)) {
                environment.put(variable.substring(ASIDE.length()), environment.remove(variable));
            }
        }
        if (names == Names.EXACT) {
            environment.put("SHAREDSERVER_CONFIG", noServers.toString());
        }
        List<String> argv = new ArrayList<>();
        argv.add(command.toString());
        argv.addAll(arguments);
        return builder.command(argv).start();
    }
}
