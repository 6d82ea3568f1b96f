package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.wire.LauncherConnection;
import dev.sharedserver.agent.wire.Request;
import dev.sharedserver.cli.Command;
import dev.sharedserver.core.Errno;
import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code top} and {@code list --watch}: the launcher becomes a program of its own, so that a view that is left open
 * costs the agent nothing.
 */
final class WatchVerb {

    /** An argument a line, %h for the product's directory, as in agent.options. */
    private static final String OPTIONS = "lib/top.options";

    /** Variables that would change our JVM, and make it talk. */
    private static final List<String> OF_JVMS = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private static final String UTF_8 = "LC_ALL=C.UTF-8";

    /** What the name of a variable begins with that stands aside. */
    private static final String ASIDE = "SHAREDSERVER_ASIDE_";

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
        List<String> argv = new ArrayList<>();
        // names of servers are UTF-8 in every locale; the JVM encodes arguments by it
        List<String> environment = new ArrayList<>(List.of(UTF_8));
        putAside("LC_ALL", environment);
        for (String variable : OF_JVMS) {
            if (putAside(variable, environment)) {
                argv.addAll(argv.isEmpty() ? List.of("env", "-u", variable) : List.of("-u", variable));
            }
        }
        argv.add(home.resolve("lib/runtime/bin/java").toString());
        for (String line : Files.readAllLines(home.resolve(OPTIONS))) {
            if (!line.isEmpty() && line.charAt(0) != '#') {
                argv.add(line.replace("%h", home.toString()));
            }
        }
        boolean terminal = request.stdinTty() && request.stdoutTty();
        argv.add(!terminal ? "plain" : watch.keys() ? "top" : "watch");
        argv.add(home.resolve("bin/sharedserver").toString());
        argv.add(directory.toString());
        launcher.become(argv, environment, "");
        LauncherConnection.ExecError error = launcher.execError();
        if (error != null) {
            throw new Failure(
                    ExitCodes.FAILED, "cannot execute " + Quote.of(argv.get(0)) + ": " + Errno.text(error.errno()));
        }
    }

    /** Keeps a variable of the caller's under another name, for the commands that the view calls in turn. */
    private boolean putAside(String variable, List<String> environment) {
        String value = request.variable(variable);
        if (value.isEmpty()) {
            return false;
        }
        environment.add(ASIDE + variable + "=" + value);
        return true;
    }
}
