package dev.sharedserver.dev.rpc;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.OsText;
import dev.sharedserver.dev.DevInfoFile;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.LogEntry;
import dev.sharedserver.dev.PluginRef;
import dev.sharedserver.dev.PluginReloader;
import dev.sharedserver.dev.event.HubEvent;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.dev.http.CommandServers;
import dev.sharedserver.dev.hub.DevHub;
import dev.sharedserver.dev.hub.HubFile;
import dev.sharedserver.dev.hub.SettingsFile;
import dev.sharedserver.os.OwnCommand;
import dev.sharedserver.os.Proc;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * {@code dev serve}: a hub in the foreground, with its state where the host of the plugins has it. With {@code --stdio} it ends with its
 * standard input, and the host is asked what it knows of a plugin, and to load one again.
 */
public final class Serve {

    private static final long LOOK_MILLIS = 60_000;

    private final Path command;
    private final List<String> arguments;

    /**
     * Makes one.
     *
     * @param command the product's
     * @param arguments what was given behind serve
     */
    public Serve(Path command, List<String> arguments) {
        this.command = command;
        this.arguments = List.copyOf(arguments);
    }

    /** Serves until the host is gone, or it is told to end. */
    public void run() throws IOException, InterruptedException {
        Map<String, String> environment = DevHub.callersEnvironment();
        Path state = Files.createDirectories(DevHub.stateOfHost(environment));
        boolean stdio = arguments.contains("--stdio");
        Peer peer = new Peer(new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out));
        if (stdio) {
            System.setOut(System.err); // nothing else may write between messages
        }
        Host host = new Host(stdio ? peer : null);
        DevServerManager manager;
        try {
            manager = new DevServerManager(
                    DevServerManager.Setup.of(state, DevHub.plugins(environment), environment),
                    new Proc(OsText::decode),
                    host,
                    host,
                    SettingsFile.of(environment));
        } catch (IOException e) {
            System.err.println("sharedserver: " + e.getMessage());
            System.exit(1);
            return;
        }
        manager.initialize();
        DevHub.Listening http =
                DevHub.Listening.at(manager, new CommandServers(new OwnCommand(command)), port(), DevHub.newToken());
        http.file().write(state);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> DevHub.end(manager, http, state), "end"));
        if (stdio) {
            peer.tell("hub", "[" + text(http.file()) + "]");
            Thread.ofPlatform().daemon().name("events").start(() -> pass(manager, peer));
            peer.serve((method, params) -> call(manager, http.file(), method, params));
            System.exit(0);
        } else {
            System.out.print(
                    arguments.contains("--json")
                            ? text(http.file()) + "\n"
                            : "page: " + http.file().page() + "\n");
            new CountDownLatch(1).await();
        }
    }

    private int port() {
        int at = arguments.indexOf("--port");
        if (at >= 0 && at + 1 < arguments.size()) {
            return Integer.parseInt(arguments.get(at + 1));
        }
        for (String argument : arguments) {
            if (argument.startsWith("--port=")) {
                return Integer.parseInt(argument.substring("--port=".length()));
            }
        }
        return 0;
    }

    private static String line(JsonText.Content content) {
        return JsonText.of(JsonText.Form.LINE, content).strip();
    }

    private static String text(HubFile hub) {
        return line(json -> json.beginObject()
                .name("url")
                .value(hub.url())
                .name("token")
                .value(hub.token())
                .name("page")
                .value(hub.page())
                .name("pid")
                .value(hub.pid())
                .endObject());
    }

    /** Tells the host what happens: the method is the event, its parameters are those of the event. */
    private static void pass(DevServerManager manager, Peer peer) {
        try {
            while (true) {
                try (Subscription news = manager.events().subscribe()) {
                    while (true) {
                        HubEvent event = news.next(LOOK_MILLIS);
                        if (event != null) {
                            boolean several = event.name().equals(DevServerManager.EVENT_ERROR);
                            peer.tell(event.name(), several ? event.data() : "[" + event.data() + "]");
                        }
                    }
                } catch (Subscription.Dropped e) {
                    // what was missed cannot be told any more, but how things are now can
                    for (DevServerState state : manager.listDevServerStates()) {
                        peer.tell(DevServerManager.EVENT_STATUS, "[" + line(state::writeTo) + "]");
                    }
                }
            }
        } catch (IOException e) {
            // the host is gone: its end of our input is about to end, too
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String call(DevServerManager manager, HubFile hub, String method, JsonElement params)
            throws Peer.RpcException, DevServerException, InterruptedException {
        return switch (method) {
            case "hub" -> text(hub);
            case "startDevServer" -> line(manager.startDevServer(id(params))::writeTo);
            case "startDevServerForPath" ->
                line(manager.startDevServerForPath(id(params), string(params, 1, "devPath"))::writeTo);
            case "stopDevServer" -> {
                manager.stopDevServer(id(params));
                yield "null";
            }
            case "restartDevServer" -> line(manager.restartDevServer(id(params))::writeTo);
            case "rebuildPlugin" -> {
                manager.rebuildPlugin(id(params));
                yield "null";
            }
            case "getDevServerState" -> line(manager.getDevServerState(id(params))::writeTo);
            case "listDevServerStates" ->
                line(json -> {
                    json.beginArray();
                    for (DevServerState state : manager.listDevServerStates()) {
                        state.writeTo(json);
                    }
                    json.endArray();
                });
            case "getDevServerLogs" -> {
                List<LogEntry> entries = manager.getDevServerLogs(id(params), count(params));
                yield line(json -> {
                    json.beginArray();
                    for (LogEntry entry : entries) {
                        entry.writeTo(json);
                    }
                    json.endArray();
                });
            }
            case "getExternalPluginInfo" -> {
                DevInfoFile info = manager.getExternalPluginInfo(id(params));
                yield info == null ? "null" : line(info::writeTo);
            }
            case "isManaged" -> Boolean.toString(manager.isManaged(id(params)));
            default -> throw new Peer.RpcException(Peer.METHOD_NOT_FOUND, "there is no method " + method);
        };
    }

    private static String id(JsonElement params) throws Peer.RpcException {
        return string(params, 0, "pluginID");
    }

    /** Returns a parameter by its place or by its name. */
    private static @Nullable JsonElement param(JsonElement params, int place, String name) {
        if (params.isJsonObject()) {
            return params.getAsJsonObject().get(name);
        }
        JsonArray all = params.isJsonArray() ? params.getAsJsonArray() : new JsonArray();
        return place < all.size() ? all.get(place) : null;
    }

    private static String string(JsonElement params, int place, String name) throws Peer.RpcException {
        JsonElement value = param(params, place, name);
        if (value == null
                || !value.isJsonPrimitive()
                || !value.getAsJsonPrimitive().isString()) {
            throw new Peer.RpcException(Peer.INVALID_PARAMS, name + " is text, and is needed");
        }
        return value.getAsString();
    }

    private static int count(JsonElement params) throws Peer.RpcException {
        JsonElement value = param(params, 1, "count");
        try {
            return value == null || value.isJsonNull() ? 0 : value.getAsInt();
        } catch (NumberFormatException | UnsupportedOperationException | IllegalStateException e) {
            throw new Peer.RpcException(Peer.INVALID_PARAMS, "count is a number");
        }
    }

    /** What the host is asked. */
    private record Host(@Nullable Peer peer) implements PluginRef, PluginReloader {

        private static String params(String id) {
            return line(json -> json.beginArray().value(id).endArray());
        }

        @Override
        public DevPlugin getDevPluginInfo(String pluginID) throws DevServerException {
            if (peer == null) {
                throw DevServerException.notFound(pluginID);
            }
            try {
                JsonElement answer = peer.ask("getDevPluginInfo", params(pluginID));
                if (!answer.isJsonObject()) {
                    throw DevServerException.notFound(pluginID);
                }
                JsonObject info = answer.getAsJsonObject();
                JsonElement devMode = info.get("devMode");
                JsonElement devPath = info.get("devPath");
                return new DevPlugin(
                        devMode != null && devMode.isJsonPrimitive() && devMode.getAsBoolean(),
                        devPath != null && devPath.isJsonPrimitive() ? devPath.getAsString() : "");
            } catch (Peer.RpcException e) {
                throw DevServerException.notFound(pluginID);
            } catch (IOException e) {
                throw DevServerException.failed("The host does not answer", String.valueOf(e.getMessage()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw DevServerException.failed("The host does not answer", "The hub ends.");
            }
        }

        @Override
        public void reloadPlugin(String id) throws Exception {
            if (peer != null) {
                var unused = peer.ask("reloadPlugin", params(id));
            }
        }
    }
}
