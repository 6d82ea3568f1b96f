package dev.sharedserver.os.guard;

import java.util.List;

/** What the guard tells; a record for each of its frames. */
public sealed interface GuardEvent {

    /** Why this agent was started. */
    enum Why {
        FIRST_START,
        WOKEN,
        AGENT_DIED,
        AGENT_HUNG,
        HANDED_OVER
    }

    /** What becomes of an agent that asked to be let go. */
    enum Leave {
        /** It is needed still: something happened that it had not seen. */
        STAY,
        /** It may go. */
        GO,
        /** The build that was to take over cannot; the guard's log says why. */
        UNFIT
    }

    /** How a child ended: a CLD_ code of waitid(2) and its status. */
    record Exit(int code, int status) {
        /** CLD_EXITED. */
        public static final int EXITED = 1;

        /** CLD_DUMPED. */
        public static final int DUMPED = 3;
    }

    /** A process that the guard has made and not let go. */
    record Child(long pid, long startTime, boolean dead, Exit exit) {}

    /** A process that an earlier agent had watched. */
    record Watch(long pid, long startTime, boolean gone) {}

    /**
     * The first frame.
     *
     * @param logDirectory where server logs go, empty for the state directory
     * @param home the product's directory
     * @param notifyAddress what a server is to find as NOTIFY_SOCKET; empty if there is no such socket
     */
    record Init(
            int protocol,
            long guardPid,
            long guardStartTime,
            Why why,
            String version,
            String stateDirectory,
            String logDirectory,
            String home,
            List<Child> children,
            List<Watch> watches,
            String notifyAddress)
            implements GuardEvent {}

    record Spawned(long request, long pid, long startTime) implements GuardEvent {}

    record SpawnFailed(long request, int step, int errno) implements GuardEvent {}

    record Watching(long pid, long startTime) implements GuardEvent {}

    record CannotWatch(long pid, long startTime, int errno) implements GuardEvent {}

    record Gone(long pid, long startTime, boolean known, Exit exit) implements GuardEvent {}

    record ChildDied(long pid, long startTime, Exit exit) implements GuardEvent {}

    record GroupEmpty(long pid, long startTime) implements GuardEvent {}

    record Signalled(long request, int errno) implements GuardEvent {}

    record TimerFired() implements GuardEvent {}

    /**
     * A server said something of itself, as of sd_notify(3), since the last of these, or (after the first frame) to an
     * earlier agent.
     *
     * @param pid who said it last: the server or another process of its session; it may be gone
     * @param session the session that this process was in; a server that the guard has made leads its own
     * @param uid our own, or 0
     * @param text lines READY=1, STOPPING=1, WATCHDOG=1, ERRNO=… and STATUS=…, each at most once; the values are anything
     */
    record Notified(long pid, long startTime, long session, long uid, String text) implements GuardEvent {}

    record Ping(long value) implements GuardEvent {}

    record DirectoryChanged(int what) implements GuardEvent {}

    record LeaveAnswer(Leave leave) implements GuardEvent {}
}
