package dev.sharedserver.top;

import dev.sharedserver.core.Quote;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** This product's own command. */
final class Product {

    private final OwnCommand command;

    /** A config without servers. */
    private final Path noServers;

    Product(Path command) {
        this.command = new OwnCommand(command);
        this.noServers = command.resolveSibling("../lib/no-servers.json").normalize();
    }

    /** What a name means to a command. */
    enum Names {
        /** The server that list shows under it, also where a config has a server of its own by that name. */
        EXACT,
        /** What it means to who types it where we were started. */
        BY_CONFIG
    }

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
        OwnCommand.Answer answer = call(arguments, Names.EXACT);
        if (answer.exit() != 0) {
            throw new IOException(said(answer));
        }
        return answer.out();
    }

    /** Carries out a command and returns what it had to say, in one line and safe to show. */
    String tell(List<String> arguments, Names names) throws IOException, InterruptedException {
        return said(call(arguments, names));
    }

    private static String said(OwnCommand.Answer answer) {
        String text = answer.err().isBlank() ? answer.out() : answer.err();
        return text.isBlank()
                ? "exit code " + answer.exit()
                : Quote.escape(text.strip().replace('\n', ' '));
    }

    private OwnCommand.Answer call(List<String> arguments, Names names) throws IOException, InterruptedException {
        return command.call(arguments, variables(names));
    }

    /** Starts to follow a server's log on our own terminal, its last lines first. */
    Process followLog(String name, int lines) throws IOException {
        ProcessBuilder builder = new ProcessBuilder()
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        return command.start(
                builder, List.of("logs", name, "-f", "-n", Integer.toString(lines)), variables(Names.EXACT));
    }

    private Map<String, String> variables(Names names) {
        return names == Names.EXACT ? Map.of("SHAREDSERVER_CONFIG", noServers.toString()) : Map.of();
    }
}
