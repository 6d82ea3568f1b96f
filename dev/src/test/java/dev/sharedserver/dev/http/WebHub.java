package dev.sharedserver.dev.http;

import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.process.Ledgers;
import dev.sharedserver.os.OwnCommand;
import java.nio.file.Path;

/**
 * A hub of its own, for tests in a browser and for measurements: {@code WebHub STATE PORT TOKEN COMMAND}. It says its port, and ends with its standard
 * input.
 */
public final class WebHub {

    private WebHub() {}

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        DevServerManager manager = new DevServerManager(
                DevServerManager.Setup.of(Path.of(args[0]), System.getenv("PATH")),
                Ledgers.PROC,
                id -> {
                    throw DevServerException.notFound(id);
                },
                id -> {},
                key -> "");
        manager.initialize();
        CoreServers shared = new CommandServers(new OwnCommand(Path.of(args[3])));
        try (HttpApi api = new HttpApi(manager, shared, Integer.parseInt(args[1]), args[2], HttpApi.STUCK)) {
            System.out.println(api.port());
            while (System.in.read() >= 0) {
                // nobody says anything
            }
        } finally {
            manager.shutdown();
        }
    }
}
