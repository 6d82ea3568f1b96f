package dev.sharedserver.agent.verbs;

import dev.sharedserver.cli.Command;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** {@code top} and {@code list --watch}: the live view is a program of its own. */
final class WatchVerb {

    private final Path home;
    private final Path directory;
    private final Request request;
    private final LauncherConnection launcher;

    WatchVerb(Path home, Path directory, Request request, LauncherConnection launcher) {
        this.home = home;
        this.directory = directory;
        this.request = request;
        this.launcher = launcher;
    }

    void carryOut(Command.Watch watch) throws IOException, Failure {
        boolean terminal = request.stdinTty() && request.stdoutTty();
        new Program("top", home)
                .replace(
                        request,
                        launcher,
                        List.of(
                                !terminal ? "plain" : watch.keys() ? "top" : "watch",
                                home.resolve("bin/sharedserver").toString(),
                                directory.toString()));
    }
}
