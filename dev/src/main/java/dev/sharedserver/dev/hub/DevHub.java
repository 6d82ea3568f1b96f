package dev.sharedserver.dev.hub;

import dev.sharedserver.core.OsText;
import dev.sharedserver.core.wire.HubSocket;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.cli.Answers;
import dev.sharedserver.dev.http.CommandServers;
import dev.sharedserver.dev.http.CoreServers;
import dev.sharedserver.dev.http.HttpApi;
import dev.sharedserver.os.OwnCommand;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The hub that is the shared server {@code @dev}. */
public final class DevHub {

    private static final String SOCKET = ".dev.sock";
    private static final int TOKEN_BYTES = 24;

    private final Path command;
    private final Path directory;

    /**
     * Makes a hub, whose process has the state directory as its working directory.
     *
     * @param command the product's
     */
    public DevHub(Path command, Path directory) {
        this.command = command;
        this.directory = directory;
    }

    /** Serves until the process is ended. */
    public void run() throws IOException, InterruptedException {
        Map<String, String> environment = callersEnvironment();
        Memory memory = new Memory();
        DevServerManager manager = new DevServerManager(
                DevServerManager.Setup.of(directory, plugins(environment), environment),
                new Proc(OsText::decode),
                memory,
                memory,
                SettingsFile.of(environment));
        manager.initialize();
        OwnCommand own = new OwnCommand(command);
        CoreServers shared = new CommandServers(own);
        // never where a hub was, nor with its token: whoever had that port meanwhile may have been sent it by a page,
        // and may have left something of theirs with the browser for what comes from there
        Listening http = Listening.at(manager, shared, 0, newToken());
        Projects projects = new Projects(manager, memory);
        SelfHold hold = new SelfHold(own, directory, manager);
        Answers answers = new Answers(manager, projects, http.file, directory, shared);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(manager, http, directory), "end"));
        http.file.write(directory);
        hold.start();
        try (HubSocket socket = HubSocket.open(SOCKET, answers::to)) {
            System.out.println("ready");
            socket.serve();
        }
    }

    /** An API that is served, and what says where. */
    public record Listening(HttpApi api, HubFile file) {

        /** Listens. */
        public static Listening at(DevServerManager manager, @Nullable CoreServers shared, int port, String token)
                throws IOException {
            HttpApi api = new HttpApi(manager, shared, port, token, HttpApi.STUCK);
            return new Listening(
                    api,
                    new HubFile(
                            "http://127.0.0.1:" + api.port(),
                            token,
                            ProcessHandle.current().pid()));
        }
    }

    /** Ends all that runs. */
    public static void end(DevServerManager manager, Listening http, Path directory) {
        http.api.close();
        try {
            manager.shutdown();
            http.file.remove(directory);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            System.out.println("cannot remove " + HubFile.NAME + ": " + e.getMessage());
        }
    }

    /** Returns our environment as it was before it was made fit for a JVM of ours. */
    public static Map<String, String> callersEnvironment() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        OwnCommand.restore(environment);
        return Map.copyOf(environment);
    }

    /** Returns where plugins have their directories. */
    public static Path plugins(Map<String, String> environment) {
        return stateOfHost(environment).resolve("plugins");
    }

    /** Returns the state directory of the host whose plugins are developed. */
    public static Path stateOfHost(Map<String, String> environment) {
        String named = environment.getOrDefault("OMNIVIEW_STATE_DIR", "");
        return named.startsWith("/")
                ? Path.of(named)
                : Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")), ".omniview");
    }

    /** Returns what nobody can guess. */
    public static String newToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
