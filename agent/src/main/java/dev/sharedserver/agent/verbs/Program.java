package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.Errno;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program of the product beside the agent: a JVM of its own, so that what stays open costs the agent nothing. How it is
 * started stands in lib/NAME.options: an argument a line, %h for the product's directory, as in agent.options.
 */
record Program(String name, Path home) {

    /** Variables that would change our JVM, and make it talk. */
    private static final List<String> OF_JVMS = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private static final String UTF_8 = "LC_ALL=C.UTF-8";

    /** The launcher becomes the program, with these arguments; returns when that has happened. */
    void replace(Request request, LauncherConnection launcher, List<String> arguments) throws IOException, Failure {
        List<String> argv = new ArrayList<>();
        // names of servers are UTF-8 in every locale; the JVM encodes arguments by it
        List<String> environment = new ArrayList<>(List.of(UTF_8));
        putAside(request, "LC_ALL", environment);
        for (String variable : OF_JVMS) {
            if (putAside(request, variable, environment)) {
                argv.addAll(argv.isEmpty() ? List.of("env", "-u", variable) : List.of("-u", variable));
            }
        }
        argv.addAll(command());
        argv.addAll(arguments);
        launcher.become(argv, environment, "");
        LauncherConnection.ExecError error = launcher.execError();
        if (error != null) {
            throw new Failure(
                    ExitCodes.FAILED, "cannot execute " + Quote.of(argv.get(0)) + ": " + Errno.text(error.errno()));
        }
    }

    /** Returns an environment in which the program can be started: without what would change its JVM, and with UTF-8. */
    static List<String> surroundings(List<String> environment) {
        List<String> kept = new ArrayList<>(List.of(UTF_8));
        for (String entry : environment) {
            if (!OF_JVMS.contains(Launches.key(entry)) && !entry.startsWith("LC_ALL=")) {
                kept.add(entry);
            }
        }
        return List.copyOf(kept);
    }

    /** Returns the JVM with its options and the main class. */
    List<String> command() throws IOException {
        List<String> argv = new ArrayList<>();
        argv.add(home.resolve("lib/runtime/bin/java").toString());
        for (String line : Files.readAllLines(home.resolve("lib/" + name + ".options"))) {
            if (!line.isEmpty() && line.charAt(0) != '#') {
                argv.add(line.replace("%h", home.toString()));
            }
        }
        return argv;
    }

    /** Keeps a variable of the caller's under another name, for the commands that the program calls in turn. */
    private static boolean putAside(Request request, String variable, List<String> environment) {
        String value = request.variable(variable);
        if (value.isEmpty()) {
            return false;
        }
        environment.add(OwnCommand.ASIDE + variable + "=" + value);
        return true;
    }
}
