package dev.sharedserver.dev.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Asks the product's own command. A list is good for a moment, so that ten pages that look cost no more than one; nothing is
 * asked while none does.
 */
public final class CommandServers implements CoreServers {

    private static final long FRESH_NANOS = Duration.ofMillis(500).toNanos();
    private static final String FAILED = "The shared servers cannot be shown";
    private static final String MARK = "✗ ";

    private final OwnCommand command;
    private String list = "";
    private long listed;

    /** Asks that command. */
    public CommandServers(OwnCommand command) {
        this.command = command;
    }

    @Override
    public synchronized String list() throws DevServerException, IOException, InterruptedException {
        if (list.isEmpty() || System.nanoTime() - listed > FRESH_NANOS) {
            JsonArray servers = new JsonArray();
            try {
                for (JsonElement server : ask("list", "--json").getAsJsonArray()) {
                    JsonObject info = ask("info", nameOf(server), "--json").getAsJsonObject();
                    // without a pid it has ended meanwhile
                    if (info.has("pid")) {
                        servers.add(info);
                    }
                }
            } catch (IllegalStateException | UnsupportedOperationException e) {
                throw DevServerException.failed(FAILED, "The command's answer is not understood.");
            }
            list = JsonText.escapeLoneSurrogates(servers.toString());
            listed = System.nanoTime();
        }
        return list;
    }

    private static String nameOf(JsonElement server) {
        JsonElement name = server.getAsJsonObject().get("name");
        if (name == null) {
            throw new IllegalStateException("a server without a name");
        }
        return name.getAsString();
    }

    @Override
    public synchronized void stop(String name) throws DevServerException, IOException, InterruptedException {
        if (name.startsWith("-")) {
            throw DevServerException.invalid(Quote.of(name) + " is no name of a server.");
        }
        OwnCommand.Answer answer = command.call(List.of("stop", name), Map.of());
        list = "";
        if (answer.exit() != 0) {
            throw new DevServerException(
                    409, "about:blank", "The server was not stopped", words(answer), List.of(), List.of());
        }
    }

    private JsonElement ask(String... words) throws DevServerException, IOException, InterruptedException {
        OwnCommand.Answer answer = command.call(List.of(words), Map.of());
        try {
            if (answer.exit() == 0) {
                return JsonParser.parseString(answer.out());
            }
        } catch (JsonParseException e) {
            // told below
        }
        throw DevServerException.failed(FAILED, words(answer));
    }

    /** Returns what a command said of its failure. */
    private static String words(OwnCommand.Answer answer) {
        String said = (answer.err().isBlank() ? answer.out() : answer.err()).strip();
        return said.startsWith(MARK) ? said.substring(MARK.length()) : said;
    }
}
