package dev.sharedserver.mcp;

import dev.sharedserver.core.Quote;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The tools that look at servers, give them back and stop them; {@link UseTool} has the one that takes them. */
final class Tools {

    /** How much of a log is answered, in bytes, whatever its lines are like. */
    private static final int LOG_BYTES = 48 << 10;

    private static final int LOG_LINES = 100;

    /** How much of a holder's command is shown in a refusal. */
    private static final int LONGEST_COMMAND = 120;

    private static final Param FORCE = new Param(
            "force",
            Param.Kind.FLAG,
            "--even-if-used",
            "do it although others hold the server: it ends their use of it, so ask your user first");

    private final Product product;

    Tools(Product product) {
        this.product = product;
    }

    /** Returns all tools, in the order in which they are shown. */
    List<Tool> all(UseTool use) {
        List<Param> logParams = List.of(
                Param.SERVER,
                new Param("lines", Param.Kind.COUNT, "-n", "how many of the last lines (default: " + LOG_LINES + ")"),
                new Param("grep", Param.Kind.TEXT, "--grep", "only lines in which this regular expression is found"));
        List<Param> name = List.of(Param.SERVER);
        List<Param> force = List.of(Param.SERVER, FORCE);
        return List.of(
                new Tool(
                        "list",
                        "List shared servers",
                        "Shows all shared servers that run, who holds them, and those that the config file of the"
                                + " project names, which `use` can start by name.",
                        List.of(),
                        Tool.Effect.READS,
                        Schemas.LIST,
                        this::list),
                new Tool(
                        "info",
                        "Look at a shared server",
                        "Shows one server: state, pid, command, directory, port, log file, whether it is ready, and"
                                + " each process that holds it.",
                        name,
                        Tool.Effect.READS,
                        Schemas.INFO,
                        this::info),
                new Tool(
                        "logs",
                        "Read a shared server's log",
                        "Returns the last lines of a server's output, at most " + (LOG_BYTES >> 10)
                                + " KiB, also after its end.",
                        logParams,
                        Tool.Effect.READS,
                        Schemas.LOGS,
                        this::logs),
                use.tool(),
                new Tool(
                        "unuse",
                        "Leave a shared server",
                        "Gives this session's reference back. The server runs on for others, or for its grace period.",
                        name,
                        Tool.Effect.ADDS,
                        Schemas.DONE,
                        (arguments, call) -> tell(arguments.server(), "unuse", call, List.of())),
                new Tool(
                        "restart",
                        "Restart a shared server",
                        "Stops a server and starts it again, with the config as it is now; whoever is attached stays"
                                + " attached. Refused while others hold it.",
                        force,
                        Tool.Effect.RESTARTS,
                        Schemas.DONE,
                        (arguments, call) -> disturb("restart", arguments, call)),
                new Tool(
                        "stop",
                        "Stop a shared server",
                        "Stops a server for everybody. Refused while others hold it. To be done with a server, `unuse`"
                                + " it.",
                        force,
                        Tool.Effect.STOPS,
                        Schemas.DONE,
                        (arguments, call) -> disturb("stop", arguments, call)),
                new Tool(
                        "why",
                        "Ask why a server is up or down",
                        "Tells who holds a server, how its run began, or why it last stopped, also long after its end.",
                        name,
                        Tool.Effect.READS,
                        Schemas.WHY,
                        this::why));
    }

    /** Says what the command line said, as an error. */
    static Result failed(OwnCommand.Answer answer) {
        String said = Output.unmarked(answer.err().isBlank() ? answer.out() : answer.err());
        return Result.failed(said.isEmpty() ? "exit code " + answer.exit() : Output.plain(said));
    }

    private Result list(Arguments arguments, Call call) throws IOException, InterruptedException {
        OwnCommand.Answer json = product.ask(call, "list", "--json");
        if (json.exit() != 0) {
            return failed(json);
        }
        OwnCommand.Answer table = product.ask(call, "list");
        Configured configured = Configured.read(product.ask(call, "config", "show", "--json"));
        Json.Obj structured = Json.Obj.EMPTY
                .with("servers", Product.read(json))
                .with("configured", configured.json())
                .with("session_pid", product.self());
        return Result.of(table.out() + configured.text(), structured);
    }

    private Result info(Arguments arguments, Call call) throws IOException, InterruptedException {
        OwnCommand.Answer json = product.ask(call, "info", arguments.server(), "--json");
        if (json.exit() != 0) {
            return failed(json);
        }
        OwnCommand.Answer text = product.ask(call, "info", arguments.server());
        return Result.of(text.out(), Product.readObject(json));
    }

    private Result why(Arguments arguments, Call call) throws IOException, InterruptedException {
        OwnCommand.Answer answer = product.ask(call, "why", arguments.server(), "--json");
        if (answer.exit() != 0) {
            return failed(answer);
        }
        Json.Obj why = Product.readObject(answer);
        return Result.of(why.get("why") instanceof Json.Str text ? text.value() : answer.out(), why);
    }

    private Result logs(Arguments arguments, Call call) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("logs", arguments.server()));
        command.addAll(List.of("-n", Integer.toString(arguments.count("lines", LOG_LINES))));
        String pattern = arguments.text("grep");
        if (pattern != null) {
            command.add("--grep=" + pattern);
        }
        OwnCommand.Answer answer = product.start(call, LOG_BYTES, command).await();
        if (answer.exit() != 0) {
            return failed(answer);
        }
        String text = Output.plain(answer.out());
        if (answer.cut()) {
            // it begins in the middle of a line, and perhaps of a character
            text = text.substring(text.indexOf('\n') + 1);
        }
        Json.Obj structured = Json.Obj.EMPTY
                .with("name", arguments.server())
                .with("text", text)
                .with("lines", text.lines().count())
                .with("truncated", answer.cut());
        String shown = text.isEmpty() ? "(no output)" : text;
        return Result.of(answer.cut() ? "(the beginning is left out)\n" + shown : shown, structured);
    }

    private Result tell(String server, String verb, Call call, List<String> options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(verb, server, product.pid()));
        command.addAll(options);
        OwnCommand.Answer answer = product.ask(call, command.toArray(String[]::new));
        if (answer.exit() != 0) {
            return failed(answer);
        }
        String said = Output.plain(Output.unmarked(answer.out() + answer.err()));
        return Result.of(
                said, Json.Obj.EMPTY.with("name", server).with("done", verb).with("message", said));
    }

    /** Stops or restarts it; whoever is in the way is named. */
    private Result disturb(String verb, Arguments arguments, Call call) throws IOException, InterruptedException {
        String server = arguments.server();
        Result result = tell(server, verb, call, arguments.options(List.of(FORCE)));
        if (!result.error() || arguments.flag(FORCE.name())) {
            return result;
        }
        List<Json> others = new ArrayList<>();
        StringBuilder text = new StringBuilder(result.text());
        for (Json.Obj holder : product.holders(server)) {
            if (!product.isSelf(holder)) {
                others.add(holder);
                text.append("\n- ").append(Quote.escape(who(holder)));
            }
        }
        if (others.isEmpty()) {
            return result;
        }
        text.append("\nAsk your user; with \"force\": true it is done although they hold it.");
        return new Result(
                text.toString(), Json.Obj.EMPTY.with("name", server).with("held_by", new Json.Arr(others)), true);
    }

    private static String who(Json.Obj holder) {
        StringBuilder who = new StringBuilder();
        if (holder.get("pid") instanceof Json.Num pid) {
            who.append("pid ").append(pid.text());
        } else if (holder.get("hold") instanceof Json.Str hold) {
            who.append(hold.value());
        }
        if (holder.get("command") instanceof Json.Arr words) {
            StringBuilder command = new StringBuilder();
            for (Json word : words.items()) {
                command.append(' ').append(word instanceof Json.Str text ? text.value() : word.line());
            }
            if (command.length() > LONGEST_COMMAND) {
                command.setLength(LONGEST_COMMAND);
                command.append(" …");
            }
            who.append(':').append(command);
        }
        if (holder.get("metadata") instanceof Json.Str metadata) {
            who.append(" (").append(metadata.value()).append(')');
        }
        return who.toString();
    }
}
