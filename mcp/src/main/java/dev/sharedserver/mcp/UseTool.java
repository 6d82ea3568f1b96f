package dev.sharedserver.mcp;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The tool {@code use}: attaches this session, and starts the server where it is stopped. */
final class UseTool {

    private static final int LONGEST = 1 << 20;

    private static final Param TIMEOUT = new Param(
            "timeout",
            Param.Kind.TEXT,
            "",
            "how long to wait for it, such as 20s; when that is over the session is detached again");

    private static final Param COMMAND = new Param(
            "command",
            Param.Kind.WORDS,
            "",
            "what to run if the server is stopped and the config file does not name it: program and arguments, no"
                    + " shell");

    /** What shapes a server that is started; a running one is only attached to. */
    private static final List<Param> SHAPE = List.of(
            COMMAND,
            new Param(
                    "working_dir",
                    Param.Kind.TEXT,
                    "--working-dir",
                    "where it runs (default: where this session runs)"),
            new Param("env", Param.Kind.VARIABLES, "--env", "variables added to its environment"),
            new Param(
                    "grace_period",
                    Param.Kind.TEXT,
                    "--grace-period",
                    "how long it stays when nobody holds it, such as 10m (default: 5m)"),
            new Param(
                    "port",
                    Param.Kind.PORT,
                    "--port",
                    "where it is to listen, given to it as $PORT, and for ${PORT} in what is said of readiness;"
                            + " \"auto\": a free port, the same one every time"),
            new Param("ready_tcp", Param.Kind.PORT, "--ready-tcp", "ready when somebody listens at this [HOST:]PORT"),
            new Param("ready_http", Param.Kind.TEXT, "--ready-http", "ready when a GET of this URL is answered well"),
            new Param(
                    "ready_log",
                    Param.Kind.TEXT,
                    "--ready-log",
                    "ready when a line of its log matches this expression"),
            new Param(
                    "ready_exec", Param.Kind.TEXT, "--ready-exec", "ready when this command line of /bin/sh succeeds"),
            new Param(
                    "ready_timeout",
                    Param.Kind.TEXT,
                    "--ready-timeout",
                    "how long the server may take to be ready, such as 2m (default: 30s)"));

    private final Product product;
    private final boolean commands;
    private final Supplier<String> client;
    private final Claims claims;
    private final List<Param> params;

    /**
     * Makes it.
     *
     * @param commands whether a session may say what is run
     * @param client who the session is, for those who look at the server
     */
    UseTool(Product product, boolean commands, Supplier<String> client) {
        this.product = product;
        this.commands = commands;
        this.client = client;
        this.claims = new Claims(product);
        List<Param> all = new ArrayList<>(List.of(Param.SERVER));
        if (commands) {
            all.addAll(SHAPE);
        }
        all.add(TIMEOUT);
        this.params = List.copyOf(all);
    }

    Tool tool() {
        return new Tool(
                "use",
                "Use a shared server",
                "Attaches this session to a server and returns when it is ready; starts it if it is stopped. "
                        + (commands
                                ? "A server of the config file needs its name only, any other a command."
                                : "It must run, or the config file must name it.")
                        + " The session stays attached until `unuse` or its end; once is enough.",
                params,
                commands ? Tool.Effect.RUNS : Tool.Effect.ADDS,
                Schemas.USE,
                this::use);
    }

    private Result use(Arguments arguments, Call call) throws IOException, InterruptedException {
        Duration timeout = null;
        String given = arguments.text(TIMEOUT.name());
        if (given != null) {
            try {
                timeout = Duration.ofNanos(Period.parse(given).nanos());
            } catch (InvalidInput e) {
                return Result.failed(String.valueOf(e.getMessage()));
            }
        }
        String server = arguments.server();
        Claims.Use use = claims.begin(server);
        boolean attached = false;
        try {
            call.whenAbandoned(() -> leave(use));
            // once abandoned, its command goes on: what came of it is known when it ends
            OwnCommand.Running running = product.start(call, LONGEST, command(arguments));
            if (timeout != null) {
                limit(call, timeout, server);
            }
            OwnCommand.Answer answer = running.await();
            attached = answer.exit() == 0;
            return attached ? attached(answer) : Tools.failed(answer);
        } finally {
            claims.ended(use, !call.isWanted(), attached);
        }
    }

    private void leave(Claims.Use use) {
        try {
            claims.abandoned(use);
        } catch (IOException e) {
            System.err.println("sharedserver mcp: cannot detach from a server: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void limit(Call call, Duration timeout, String server) {
        Thread.ofVirtual().start(() -> {
            try {
                if (!call.isOverIn(timeout)) {
                    call.giveUp(Result.failed("gave up after " + new Period(timeout.toNanos()) + ": server "
                            + Quote.escape(server)
                            + " is not ready yet; unless this session held it before, it is detached again"));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private List<String> command(Arguments arguments) {
        List<String> command = new ArrayList<>(
                List.of("use", arguments.server(), product.pid(), "--json", "--metadata=" + client.get()));
        command.addAll(arguments.options(params));
        List<String> argv = arguments.words(COMMAND.name());
        if (!argv.isEmpty()) {
            command.add("--");
            command.addAll(argv);
        }
        return command;
    }

    private static Result attached(OwnCommand.Answer answer) throws IOException {
        Json.Obj structured = Product.readObject(answer);
        String warning = Output.plain(Output.unmarked(answer.err()));
        StringBuilder text = new StringBuilder(sentence(structured));
        for (String field : List.of("port", "log_file")) {
            switch (structured.get(field)) {
                case Json.Num port -> text.append("\nport: ").append(port.text());
                case Json.Str log -> text.append("\nlog: ").append(Quote.escape(log.value()));
                case null, default -> {}
            }
        }
        if (!warning.isEmpty()) {
            text.append("\nwarning: ").append(warning);
            structured = structured.with("warnings", Json.strings(List.of(warning)));
        }
        return Result.of(text.toString(), structured);
    }

    /** Says it as the command line does without --json. */
    private static String sentence(Json.Obj use) {
        String name = use.get("name") instanceof Json.Str text ? Quote.escape(text.value()) : "";
        String refcount = "refcount: " + number(use.get("refcount")) + ")";
        return switch (use.get("action")) {
            case Json.Str action
            when action.value().equals("started") ->
                "Started server " + name + " (PID: " + number(use.get("pid")) + ", " + refcount;
            case Json.Str action
            when action.value().equals("rescued") -> "Rescued server " + name + " from grace period (" + refcount;
            case null, default -> "Attached to server " + name + " (" + refcount;
        };
    }

    private static String number(@Nullable Json value) {
        return value instanceof Json.Num number ? number.text() : "?";
    }
}
