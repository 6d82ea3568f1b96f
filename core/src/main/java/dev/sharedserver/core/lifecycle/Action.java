package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.config.Condition;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the agent is to do after a step, in order, once the state is on disk. */
public sealed interface Action {

    /** Watch a process (a client, or an adopted server); answered even if it is watched already. */
    record Watch(ProcessId process) implements Action {}

    /** Watch it no longer. */
    record Unwatch(ProcessId process) implements Action {}

    /** Run the server. */
    record Spawn(Launch launch) implements Action {}

    /** Signal the server's group, or, where it has none of its own, the process and its descendants. */
    record Signal(Instance instance, int signal) implements Action {}

    /** Tell when the server's group is empty. */
    record AwaitGroupEmpty(Instance instance) implements Action {}

    /** Let the zombie go. */
    record Reap(ProcessId process) implements Action {}

    /** Find out when it is up. */
    record AwaitReady(Instance instance, Condition condition) implements Action {}

    /** Look again and again whether it is well. */
    record Check(Instance instance, Condition condition) implements Action {}

    /** Answer a request. */
    record Reply(long request, Outcome outcome) implements Action {}

    /**
     * Write down what happened.
     *
     * @param pid the server's
     * @param client whom it concerns
     * @param refcount how many clients there are now, where that has changed
     * @param cause why
     * @param status how the main process ended
     * @param by who asked
     */
    record Note(
            What what,
            @Nullable Long pid,
            @Nullable Client client,
            @Nullable Integer refcount,
            @Nullable Cause cause,
            @Nullable ExitStatus status,
            @Nullable Asker by)
            implements Action {}

    /** What can be written down. */
    enum What {
        STARTED,
        EXECED,
        START_FAILED,
        ADOPTED,
        ATTACHED,
        RESCUED,
        DETACHED,
        CLIENT_DIED,
        HOLD_ENDED,
        GRACE,
        STOPPING,
        KILLING,
        EXITED,
        STOPPED,
        READY,
        UNHEALTHY,
        HEALTHY,
        BACKING_OFF,
        GAVE_UP,
        STOP_FAILED,
        SURVIVED_KILL;

        /** Returns the word that stands for it in event logs. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
