package dev.sharedserver.mcp;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The session of one client, from its first message to the end of its input. Messages are read one after another; tools
 * work on threads of their own.
 */
final class Session {

    /** The versions of MCP that are spoken, the latest last. */
    static final List<String> VERSIONS = List.of("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25");

    /** How many calls may be open at once; each is a process. */
    static final int MOST_CALLS = 64;

    private static final Duration BETWEEN_SIGNS_OF_LIFE = Duration.ofSeconds(5);

    private static final int LONGEST_CLIENT_NAME = 100;

    private static final String INSTRUCTIONS = """
        Long-running processes (databases, development servers, tunnels …) that this user's editors, shells and agents \
        share. `list` shows what runs and what the project's config file names. When you need a server, `use` it: that \
        starts it if it is stopped, returns when it is ready, and keeps it for you until `unuse` or the end of this \
        session, whatever comes first. Do not start such a server in a shell of your own, and do not kill one. Others \
        may hold the same server: `stop` and `restart` are refused then and name them; ask your user before `force`. \
        `why` and `logs` tell what became of a server.
        """;

    private final Client client;
    private final Product product;
    private final Map<String, Tool> tools;
    private final Json.Obj listing;
    private final Map<Json, Call> calls = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Runnable hangUp;
    private volatile String clientName = "an MCP client";
    private volatile boolean initialized;

    /**
     * Makes it.
     *
     * @param commands whether the client may say what is run
     * @param hangUp what to do when the client is gone
     */
    Session(Client client, Product product, boolean commands, Runnable hangUp) {
        this.client = client;
        this.product = product;
        this.hangUp = hangUp;
        List<Tool> all = new Tools(product).all(new UseTool(product, commands, () -> clientName));
        this.tools = new ConcurrentHashMap<>();
        List<Json> shown = new ArrayList<>();
        for (Tool tool : all) {
            tools.put(tool.name(), tool);
            shown.add(tool.json());
        }
        this.listing = Json.Obj.EMPTY.with("tools", new Json.Arr(shown));
    }

    /** Reads and answers until there is nothing more to read, or nobody to answer. */
    void run(InputStream in) throws IOException {
        Lines lines = new Lines(in);
        for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
            String text = line.text();
            if (text == null) {
                String why = "parse error: a message of more than " + Lines.LONGEST + " bytes";
                client.refuse(new Json.Null(), new RpcError(RpcError.PARSE, why));
            } else if (!text.isBlank()) {
                take(Message.of(text));
            }
        }
    }

    private void take(Message message) throws Client.Gone {
        switch (message) {
            case Message.Request request -> answer(request);
            case Message.Notification notification -> note(notification);
            case Message.Response response -> {} // we ask nothing
            case Message.Invalid invalid -> client.refuse(invalid.id(), invalid.error());
        }
    }

    private void answer(Message.Request request) throws Client.Gone {
        switch (request.method()) {
            case "initialize" -> initialize(request);
            case "ping" -> client.answer(request.id(), Json.Obj.EMPTY);
            case "tools/list" -> {
                if (isInitialized(request)) {
                    client.answer(request.id(), listing);
                }
            }
            case "tools/call" -> {
                if (isInitialized(request)) {
                    call(request);
                }
            }
            // also server/discover: clients of versions without initialize then know that they have to begin with it
            default -> refuse(request, RpcError.METHOD, "method not found: " + Quote.of(request.method()));
        }
    }

    private boolean isInitialized(Message.Request request) throws Client.Gone {
        if (!initialized) {
            refuse(request, RpcError.REQUEST, "invalid request: the first one has to be initialize");
        }
        return initialized;
    }

    private void refuse(Message.Request request, int code, String why) throws Client.Gone {
        client.refuse(request.id(), new RpcError(code, why));
    }

    private void initialize(Message.Request request) throws Client.Gone {
        if (!(request.params().get("protocolVersion") instanceof Json.Str asked)) {
            refuse(request, RpcError.PARAMS, "\"protocolVersion\" is no string");
            return;
        }
        if (request.params().get("clientInfo") instanceof Json.Obj info) {
            clientName = name(info);
        }
        initialized = true;
        client.answer(
                request.id(),
                Json.Obj.EMPTY
                        .with(
                                "protocolVersion",
                                VERSIONS.contains(asked.value()) ? asked.value() : VERSIONS.get(VERSIONS.size() - 1))
                        .with("capabilities", Json.Obj.EMPTY.with("tools", Json.Obj.EMPTY))
                        .with(
                                "serverInfo",
                                Json.Obj.EMPTY
                                        .with("name", "sharedserver")
                                        .with("title", "Shared servers")
                                        .with("version", product.version()))
                        .with("instructions", INSTRUCTIONS.strip()));
    }

    /** What those who look at a server see of this session. */
    private static String name(Json.Obj info) {
        StringBuilder name = new StringBuilder();
        for (String field : List.of("name", "version")) {
            if (info.get(field) instanceof Json.Str text && !text.value().isBlank()) {
                name.append(name.isEmpty() ? "" : " ").append(Quote.escape(text.value()));
            }
        }
        if (name.length() > LONGEST_CLIENT_NAME) {
            name.setLength(LONGEST_CLIENT_NAME);
        }
        return name.isEmpty() ? "an MCP client" : name + ", over MCP";
    }

    private void note(Message.Notification notification) {
        if (notification.method().equals("notifications/cancelled")) {
            Json id = notification.params().get("requestId");
            Call call = id == null ? null : calls.get(id);
            if (call != null) {
                call.abandon();
            }
        }
    }

    private void call(Message.Request request) throws Client.Gone {
        if (!(request.params().get("name") instanceof Json.Str name)) {
            refuse(request, RpcError.PARAMS, "\"name\" is no string");
            return;
        }
        Tool tool = tools.get(name.value());
        if (tool == null) {
            refuse(request, RpcError.PARAMS, "unknown tool: " + Quote.of(name.value()));
            return;
        }
        Json given = request.params().get("arguments");
        if (given != null && !(given instanceof Json.Obj)) {
            refuse(request, RpcError.PARAMS, "\"arguments\" is no object");
            return;
        }
        Arguments arguments;
        try {
            arguments = Arguments.of(tool.params(), given instanceof Json.Obj object ? object : Json.Obj.EMPTY);
        } catch (InvalidInput e) {
            client.answer(
                    request.id(),
                    Result.failed(tool.name() + ": " + e.getMessage()).json());
            return;
        }
        if (calls.size() >= MOST_CALLS) {
            client.answer(
                    request.id(),
                    Result.failed(MOST_CALLS + " calls are open already: wait for one of them")
                            .json());
            return;
        }
        Call call = new Call(result -> reply(request.id(), result));
        if (calls.putIfAbsent(request.id(), call) != null) {
            refuse(request, RpcError.REQUEST, "invalid request: an open request has this id");
            return;
        }
        Thread.ofVirtual().start(() -> carryOut(tool, arguments, call, request.id()));
        Json token = token(request.params());
        if (token != null) {
            Thread.ofVirtual().start(() -> giveSignsOfLife(call, token, tool.name()));
        }
    }

    private void carryOut(Tool tool, Arguments arguments, Call call, Json id) {
        try {
            call.answer(tool.work().carryOut(arguments, call));
        } catch (IOException e) {
            call.answer(Result.failed("sharedserver cannot be asked: " + Quote.escape(String.valueOf(e.getMessage()))));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            // a defect of ours: the session goes on, and whoever looks at our log can tell us
            e.printStackTrace();
            call.answer(Result.failed("internal error: " + Quote.escape(e.toString())));
        } finally {
            calls.remove(id, call);
        }
    }

    private void reply(Json id, Result result) {
        try {
            client.answer(id, result.json());
        } catch (Client.Gone e) {
            hangUp.run();
        }
    }

    private static @Nullable Json token(Json.Obj params) {
        Json token = params.get("_meta") instanceof Json.Obj meta ? meta.get("progressToken") : null;
        return token instanceof Json.Str || token instanceof Json.Num ? token : null;
    }

    /** Tells a client that asked for it that a call goes on, so that it does not give it up. */
    private void giveSignsOfLife(Call call, Json token, String tool) {
        try {
            for (long sign = 1; !call.isOverIn(BETWEEN_SIGNS_OF_LIFE); sign++) {
                long seconds = sign * BETWEEN_SIGNS_OF_LIFE.toSeconds();
                client.tell(
                        "notifications/progress",
                        Json.Obj.EMPTY
                                .with("progressToken", token)
                                .with("progress", seconds)
                                .with("message", tool + " goes on for " + seconds + "s"));
            }
        } catch (Client.Gone e) {
            hangUp.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it: open calls are abandoned and every reference of this process goes. Once; later calls do nothing. */
    void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        for (Call call : calls.values()) {
            call.abandon();
            call.endCommand();
        }
        try {
            product.dropAll();
        } catch (IOException e) {
            System.err.println("sharedserver mcp: references end with this process: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
