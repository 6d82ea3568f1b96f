package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.ServerName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What became of one server of a command about many.
 *
 * @param name as the config has it
 * @param id as it is on disk
 * @param pid the server's process
 * @param text the sentence for people
 * @param reason why it failed or was left out, null if it went well
 */
record FleetResult(
        Action action,
        ServerName name,
        ServerName id,
        @Nullable Long pid,
        @Nullable Integer refcount,
        @Nullable String logFile,
        @Nullable Integer port,
        String text,
        @Nullable String reason) {

    /** What was done. */
    enum Action {
        STARTED("started"),
        ATTACHED("attached"),
        RESCUED("rescued"),
        SKIPPED("skipped"),
        DETACHED("detached"),
        FAILED("failed");

        private final String word;

        Action(String word) {
            this.word = word;
        }

        /** Returns what programs are told. */
        String word() {
            return word;
        }
    }

    static FleetResult failed(ServerName name, ServerName id, String text, String reason) {
        return new FleetResult(Action.FAILED, name, id, null, null, null, null, text, reason);
    }

    static FleetResult skipped(ServerName name, ServerName id, String text, String reason) {
        return new FleetResult(Action.SKIPPED, name, id, null, null, null, null, text, reason);
    }

    boolean failed() {
        return action == Action.FAILED;
    }

    /** Returns why it failed. */
    String why() {
        return Objects.requireNonNull(reason, "what failed has a reason");
    }
}
