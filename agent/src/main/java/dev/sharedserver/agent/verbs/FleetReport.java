package dev.sharedserver.agent.verbs;

import dev.sharedserver.cli.JsonOutput;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Tells of servers, each as soon as it is known: people by a sentence, programs by one JSON document that grows by a line for
 * each.
 *
 * <p>What was told is in the launcher's token, which travels with the telling. An agent that takes over in the middle so goes
 * on with the same document, and tells of nobody twice.
 */
final class FleetReport {

    private static final String GOOD = "+";
    private static final String BAD = "-";

    private final LauncherConnection launcher;
    private final boolean json;
    private final Set<String> told = new LinkedHashSet<>();
    private boolean good = true;

    FleetReport(Request request, LauncherConnection launcher, boolean json) {
        this.launcher = launcher;
        this.json = json;
        if (!request.token().isEmpty()) {
            // no name holds a control character
            String[] lines = request.token().split("\n", -1);
            good = lines[0].equals(GOOD);
            for (int i = 1; i < lines.length; i++) {
                told.add(lines[i]);
            }
        }
    }

    boolean isEmpty() {
        return told.isEmpty();
    }

    boolean tells(ServerName name) {
        return told.contains(name.value());
    }

    void tell(FleetResult result) throws IOException {
        boolean first = told.isEmpty();
        if (!told.add(result.name().value())) {
            return;
        }
        good &= !result.failed();
        launcher.token((good ? GOOD : BAD) + "\n" + String.join("\n", told));
        if (json) {
            // the comma goes before, so that every line is there as a whole as soon as it is known
            launcher.stdout((first ? JsonOutput.FLEET_BEGIN : ",")
                    + JsonOutput.fleet(
                            result.action().word(),
                            result.name().value(),
                            result.id().value(),
                            result.pid(),
                            result.refcount(),
                            result.logFile(),
                            result.port(),
                            result.failed(),
                            result.reason()));
        } else if (result.failed()) {
            launcher.stderr(result.text());
        } else {
            launcher.stdout(result.text());
        }
        launcher.flush();
    }

    /** Ends the report, and the command with it. */
    void end() throws IOException {
        if (json) {
            launcher.stdout((told.isEmpty() ? JsonOutput.FLEET_BEGIN : "") + JsonOutput.FLEET_END);
        }
        launcher.exit(good ? ExitCodes.OK : ExitCodes.FAILED);
    }
}
