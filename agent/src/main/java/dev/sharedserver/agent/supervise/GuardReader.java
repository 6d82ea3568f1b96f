package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Errno;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.os.guard.GuardEvent;
import dev.sharedserver.os.guard.GuardLink;
import java.io.IOException;

/** Reads the guard's pipe and hands each event, in order, to the servers that it concerns. Runs in one thread. */
public final class GuardReader implements Runnable {

    private final GuardLink guard;
    private final Supervisor supervisor;
    private final Control control;
    private volatile long handled;

    /** What concerns the agent as a whole. All of it is called by the reader's thread. */
    public interface Control {
        /** The guard answers a request to be let go. */
        void leaveAnswered(GuardEvent.Leave leave);

        /** The state directory was removed and made again. */
        void directoryChanged();

        /** The guard is gone: finish and end. */
        void guardGone();

        /** The pipe cannot be read. */
        void failed(Exception e);
    }

    /** Makes a reader of {@code guard}. */
    public GuardReader(GuardLink guard, Supervisor supervisor, Control control) {
        this.guard = guard;
        this.supervisor = supervisor;
        this.control = control;
    }

    @Override
    public void run() {
        long seen = 0;
        try {
            for (GuardEvent event = guard.next(); event != null; event = guard.next()) {
                handle(event);
                if (counts(event)) {
                    seen++;
                    handled = seen;
                }
            }
            control.guardGone();
        } catch (IOException | RuntimeException e) {
            control.failed(e);
        }
    }

    /** Returns how many events were handed on: what the guard is told when the agent asks to be let go. */
    public long handled() {
        return handled;
    }

    private static boolean counts(GuardEvent event) {
        return !(event instanceof GuardEvent.Ping) && !(event instanceof GuardEvent.LeaveAnswer);
    }

    private void handle(GuardEvent event) throws IOException {
        switch (event) {
            case GuardEvent.Init init -> throw new IOException("a second init frame");
            case GuardEvent.Spawned s -> supervisor.spawned(s.request(), new ProcessId(s.pid(), s.startTime()));
            case GuardEvent.SpawnFailed f -> supervisor.spawnFailed(f.request(), f.step(), f.errno());
            case GuardEvent.Watching w -> {
                ProcessId process = new ProcessId(w.pid(), w.startTime());
                supervisor.watches().tell(process, new Event.Watched(process), false);
            }
            case GuardEvent.CannotWatch c -> {
                ProcessId process = new ProcessId(c.pid(), c.startTime());
                supervisor.watches().tell(process, new Event.NotWatched(process, Errno.text(c.errno())), true);
            }
            case GuardEvent.Gone g -> {
                ProcessId process = new ProcessId(g.pid(), g.startTime());
                ExitStatus status = g.known() ? status(g.exit()) : new ExitStatus.Unknown();
                supervisor.watches().tell(process, new Event.Gone(process, status), true);
                supervisor.strayDied(process);
            }
            case GuardEvent.ChildDied d ->
                supervisor.childDied(new ProcessId(d.pid(), d.startTime()), status(d.exit()));
            case GuardEvent.GroupEmpty e -> supervisor.groupEmpty(new ProcessId(e.pid(), e.startTime()));
            case GuardEvent.Signalled s -> {
                // ESRCH: its end is on its way; the machine acts on that, not on this
            }
            case GuardEvent.TimerFired t -> supervisor.timerFired();
            case GuardEvent.Notified n -> supervisor.notified(n);
            case GuardEvent.Ping p -> guard.pong(p.value());
            case GuardEvent.DirectoryChanged d -> control.directoryChanged();
            case GuardEvent.LeaveAnswer l -> control.leaveAnswered(l.leave());
        }
    }

    static ExitStatus status(GuardEvent.Exit exit) {
        return exit.code() == GuardEvent.Exit.EXITED
                ? new ExitStatus.Exited(exit.status())
                : new ExitStatus.Killed(exit.status(), exit.code() == GuardEvent.Exit.DUMPED);
    }
}
