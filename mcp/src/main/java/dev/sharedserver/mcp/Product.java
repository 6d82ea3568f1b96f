package dev.sharedserver.mcp;

import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The product's command line, on behalf of this process: references are its own. */
final class Product implements Claims.References {

    /** How much of an answer is read, in bytes. */
    private static final int LONGEST = 4 << 20;

    private final OwnCommand command;
    private final long self;
    private final String version;

    Product(Path command, long self) throws IOException {
        this.command = new OwnCommand(command);
        this.self = self;
        Path version = command.resolveSibling("../lib/version");
        this.version = Files.exists(version) ? Files.readString(version).strip() : "unknown";
    }

    String version() {
        return version;
    }

    long self() {
        return self;
    }

    /** Returns the option that says whose reference it is. */
    String pid() {
        return "--pid=" + self;
    }

    /** Starts a command and lets the call know. */
    OwnCommand.Running start(Call call, int longest, List<String> arguments) throws IOException {
        return call.waitingFor(command.run(arguments, Map.of(), longest));
    }

    /** Carries out a command whose end the call may ask for. */
    OwnCommand.Answer ask(Call call, String... arguments) throws IOException, InterruptedException {
        return whole(start(call, LONGEST, List.of(arguments)).await());
    }

    private OwnCommand.Answer ask(String... arguments) throws IOException, InterruptedException {
        return whole(command.run(List.of(arguments), Map.of(), LONGEST).await());
    }

    private static OwnCommand.Answer whole(OwnCommand.Answer answer) throws IOException {
        if (answer.cut()) {
            throw new IOException("the answer is longer than " + LONGEST + " bytes");
        }
        return answer;
    }

    /** Reads what a command printed with --json. */
    static Json read(OwnCommand.Answer answer) throws IOException {
        try {
            return Json.parse(answer.out());
        } catch (Json.Malformed e) {
            throw new IOException("sharedserver --json printed something else: " + e.getMessage(), e);
        }
    }

    static Json.Obj readObject(OwnCommand.Answer answer) throws IOException {
        return read(answer) instanceof Json.Obj object ? object : Json.Obj.EMPTY;
    }

    /** Returns those who hold a server, as {@code info --json} has them. */
    List<Json.Obj> holders(String server) throws IOException, InterruptedException {
        List<Json.Obj> holders = new ArrayList<>();
        OwnCommand.Answer info = ask("info", server, "--json");
        if (info.exit() == 0 && readObject(info).get("clients") instanceof Json.Arr clients) {
            for (Json client : clients.items()) {
                if (client instanceof Json.Obj holder) {
                    holders.add(holder);
                }
            }
        }
        return holders;
    }

    boolean isSelf(Json.Obj holder) {
        return new Json.Num(Long.toString(self)).equals(holder.get("pid"));
    }

    @Override
    public boolean holds(String server) throws IOException, InterruptedException {
        return holders(server).stream().anyMatch(this::isSelf);
    }

    @Override
    public void drop(String server) throws IOException, InterruptedException {
        // that it was not attached, or does not run any more, is as good
        ask("unuse", server, pid());
    }

    /** Drops every reference of this process. */
    void dropAll() throws IOException, InterruptedException {
        ask("down", "--all", pid());
    }
}
