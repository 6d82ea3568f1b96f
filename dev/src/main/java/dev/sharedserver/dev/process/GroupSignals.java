package dev.sharedserver.dev.process;

import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Signals groups, and only after it is certain that they are the ones meant: numbers of processes are given away again. A
 * group is itself while its first process lives with its stamp, or, when that has ended, while a process of its session has
 * its token; as long as there is one, the kernel gives the number to nobody else.
 */
public final class GroupSignals {

    private static final long LOOK_MILLIS = 10;

    private final Proc proc;

    /** Looks into {@code proc}. */
    public GroupSignals(Proc proc) {
        this.proc = proc;
    }

    /** Ends a group: TERM, and KILL for what is left after {@code patience}. Returns whether nothing of it is left. */
    public boolean end(RecordedGroup group, Duration patience, Duration lastPatience) throws InterruptedException {
        List<ProcStat> left = signalled(group, members(group), Posix.SIGTERM, patience);
        return left.isEmpty()
                || signalled(group, left, Posix.SIGKILL, lastPatience).isEmpty();
    }

    /** Signals the members, and returns those that live after {@code patience}. */
    private List<ProcStat> signalled(RecordedGroup group, List<ProcStat> first, int signal, Duration patience)
            throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        List<ProcStat> members = first;
        send(members, signal);
        while (!members.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.sleep(LOOK_MILLIS);
            members = members(group, members);
            if (signal == Posix.SIGKILL) {
                // what was being forked meanwhile
                send(members, signal);
            }
        }
        return members;
    }

    private static void send(List<ProcStat> members, int signal) {
        members.stream().map(ProcStat::pgrp).distinct().forEach(pgrp -> Posix.kill(-pgrp, signal));
    }

    /** Returns the processes of the group that live: those of its session. Empty if it is not itself any more. */
    public List<ProcStat> members(RecordedGroup group) {
        return members(group, List.of());
    }

    /** A member of a moment ago is proof like the token: the first process may end before one that has put its environment away. */
    private List<ProcStat> members(RecordedGroup group, List<ProcStat> before) {
        if (group.pgid() <= 1) {
            return List.of();
        }
        List<ProcStat> members = new ArrayList<>();
        boolean itself = false;
        for (long pid : pids()) {
            ProcStat stat = proc.stat(pid);
            if (stat != null && stat.session() == group.pgid() && stat.pgrp() > 1 && stat.alive()) {
                members.add(stat);
                itself |= stat.pid() == group.pgid()
                        ? stat.startTime() == group.stamp()
                        : hasToken(stat, group)
                                || before.stream()
                                        .anyMatch(it -> it.pid() == stat.pid() && it.startTime() == stat.startTime());
            }
        }
        return itself ? members : List.of();
    }

    private List<Long> pids() {
        try {
            return proc.pids();
        } catch (IOException e) {
            throw new IllegalStateException("cannot list the processes", e);
        }
    }

    private boolean hasToken(ProcStat stat, RecordedGroup group) {
        List<String> environment = group.token().isEmpty() ? null : proc.environment(stat.pid());
        return environment != null && environment.contains(ProcessGroup.TOKEN + "=" + group.token());
    }
}
