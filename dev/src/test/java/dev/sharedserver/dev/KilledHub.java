package dev.sharedserver.dev;

import java.nio.file.Path;

/** A hub in a JVM of its own, which a test kills. */
final class KilledHub {

    private KilledHub() {}

    /** Starts the plugin of the project in that directory, and stays. */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        DevServerManager manager = Project.at(directory).manager(ServerProcess.READY_PATIENCE);
        manager.initialize();
        manager.startDevServer("k8s");
        Thread.sleep(120_000);
    }
}
