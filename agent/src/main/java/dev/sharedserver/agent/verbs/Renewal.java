package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.Quote;
import dev.sharedserver.core.lifecycle.Launch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a restart makes of a server whose config has changed: the environment of its first caller stays, the rest is new. */
final class Renewal {

    private Renewal() {}

    /** Returns {@code wanted} in the surroundings of what runs, with the variables that the config adds. */
    static Launch of(Launch running, Launch wanted, List<String> variables) {
        Launch.Surroundings known = running.surroundings();
        Launch.Surroundings surroundings = known == null
                ? null
                : new Launch.Surroundings(
                        Launches.merged(known.environment(), variables), known.umask(), known.nice(), known.rlimits());
        return new Launch(
                wanted.command(),
                wanted.workingDir(),
                wanted.gracePeriod(),
                wanted.stopSignal(),
                wanted.stopTimeout(),
                wanted.logFile(),
                wanted.ownLog(),
                running.stdin(),
                running.stdout(),
                wanted.health(),
                wanted.port(),
                surroundings);
    }

    /** Returns what differs, a few words each; names of variables only, since their values may be secrets. */
    static List<String> changes(Launch before, Launch after) {
        List<String> changes = new ArrayList<>();
        change(changes, "command", String.join(" ", before.command()), String.join(" ", after.command()));
        change(changes, "directory", before.workingDir(), after.workingDir());
        change(changes, "gracePeriod", before.gracePeriod(), after.gracePeriod());
        change(changes, "stopSignal", before.stopSignal(), after.stopSignal());
        change(changes, "stopTimeout", before.stopTimeout(), after.stopTimeout());
        change(changes, "logFile", before.logFile(), after.logFile());
        change(changes, "port", before.port(), after.port());
        change(
                changes,
                "restart",
                before.health().restart().word(),
                after.health().restart().word());
        if (!Objects.equals(before.health().ready(), after.health().ready())) {
            changes.add("ready");
        }
        if (!Objects.equals(before.health().check(), after.health().check())) {
            changes.add("check");
        }
        variables(changes, before.surroundings(), after.surroundings());
        return changes;
    }

    private static void change(List<String> changes, String what, @Nullable Object before, @Nullable Object after) {
        if (!Objects.equals(before, after)) {
            changes.add(what + " (" + shown(before) + " → " + shown(after) + ")");
        }
    }

    private static String shown(@Nullable Object value) {
        return value == null ? "none" : Quote.escape(value.toString());
    }

    private static void variables(
            List<String> changes, Launch.@Nullable Surroundings before, Launch.@Nullable Surroundings after) {
        if (before == null || after == null || before.environment().equals(after.environment())) {
            return;
        }
        Map<String, String> old = new LinkedHashMap<>();
        before.environment().forEach(entry -> old.put(Launches.key(entry), entry));
        for (String entry : after.environment()) {
            if (!entry.equals(old.get(Launches.key(entry)))) {
                changes.add("variable " + Quote.escape(Launches.key(entry)));
            }
        }
    }
}
