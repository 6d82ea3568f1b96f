package dev.sharedserver.lsp.interpose;

import dev.sharedserver.os.ProcStat;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** What can be said of a target without touching it. */
final class Checks {

    /** How often, and how far apart in ns, a command line that is empty is looked at again. */
    private static final int EXEC_LOOKS = 100;

    private static final long EXEC_PAUSE = 2_000_000;

    private Checks() {}

    /**
     * Looks whether a process may be attached to.
     *
     * @param startStamp its start stamp, 0 for any
     * @param user ours
     * @return the stamp that it has
     * @throws Refusal it may not
     */
    static long check(Facts facts, long startStamp, int user) throws Refusal {
        long pid = facts.pid();
        ProcStat stat = facts.stat();
        if (stat == null || !stat.alive() || !Facts.PROC.isProcess(pid)) {
            throw new Refusal(Reason.GONE, "there is no process " + pid);
        }
        if (startStamp != 0 && stat.startTime() != startStamp) {
            throw new Refusal(Reason.RECYCLED, "process " + pid + " is not the one that was meant");
        }
        int owner = Facts.PROC.uid(pid);
        if (owner != user) {
            throw new Refusal(
                    Reason.NOT_OWNER, "process " + pid + " belongs to user " + owner + ", not to user " + user);
        }
        List<String> argv = commandLine(pid);
        if (argv == null || ServerType.of(argv) == null) {
            throw new Refusal(
                    Reason.NOT_A_LANGUAGE_SERVER,
                    "process " + pid + " (" + shown(argv, stat) + ") is no language server");
        }
        if (stat.ppid() == ProcessHandle.current().pid()) {
            throw new Refusal(Reason.OWN_CHILD, "process " + pid + " is a child of this one");
        }
        long tracer = facts.tracer();
        if (tracer != 0) {
            throw new Refusal(Reason.TRACED, "process " + pid + " is traced by process " + tracer);
        }
        if (stat.state() == 'T' || stat.state() == 't') {
            throw new Refusal(Reason.STOPPED, "process " + pid + " is stopped");
        }
        if (facts.hidden(user)) {
            throw new Refusal(Reason.NON_DUMPABLE, "process " + pid + " is not dumpable");
        }
        if (!Facts.mayTraceAll() && Facts.yamaScope() > 0) {
            throw refused(pid, Facts.yamaScope());
        }
        return stat.startTime();
    }

    /** Looks whether it is the same process still, with nobody but us at it. */
    static void checkStill(Facts facts, long startStamp) throws Refusal {
        ProcStat stat = facts.stat();
        if (stat == null || !stat.alive()) {
            throw new Refusal(Reason.GONE, "process " + facts.pid() + " ended");
        }
        if (stat.startTime() != startStamp) {
            throw new Refusal(Reason.RECYCLED, "process " + facts.pid() + " is not the one that was meant");
        }
        List<String> argv = commandLine(facts.pid());
        if (argv == null || ServerType.of(argv) == null) {
            throw new Refusal(Reason.NOT_A_LANGUAGE_SERVER, "process " + facts.pid() + " runs another program by now");
        }
    }

    /**
     * Returns the command line of a process; null if it is gone. One that is executing a program just now has none for a moment:
     * its new memory is there before what was written into it is known to be the arguments (create_elf_tables of
     * fs/binfmt_elf.c), and whoever waits for the exec by a pipe that it closes may be told before. That is waited for.
     */
    private static @Nullable List<String> commandLine(long pid) {
        for (int looks = 0; ; looks++) {
            List<String> argv = Facts.PROC.cmdline(pid);
            if (argv == null || !argv.isEmpty() || looks == EXEC_LOOKS) {
                return argv;
            }
            LockSupport.parkNanos(EXEC_PAUSE);
        }
    }

    private static String shown(@Nullable List<String> argv, ProcStat stat) {
        return argv == null || argv.isEmpty() ? stat.comm() : argv.getFirst();
    }

    /** Returns the refusal of one that the kernel does not let us trace: for a scope of Yama, or because it can do what we cannot. */
    static Refusal refused(long pid, int scope) {
        String found = "process " + pid + " may not be traced";
        String admin = "an administrator can allow it until the next start with `sysctl kernel.yama.ptrace_scope=0`";
        return switch (scope) {
            case 0 ->
                new Refusal(
                        Reason.PTRACE_REFUSED,
                        found + " (it has capabilities that this user has not, or a container forbids ptrace)",
                        "start one with `lsp serve` instead");
            case 1 ->
                new Refusal(Reason.PTRACE_REFUSED, found + " (kernel.yama.ptrace_scope is 1: children only)", admin);
            case 2 ->
                new Refusal(
                        Reason.PTRACE_REFUSED,
                        found + " (kernel.yama.ptrace_scope is 2: administrators only)",
                        admin + ", or run this as root");
            default ->
                new Refusal(
                        Reason.PTRACE_REFUSED,
                        found + " (kernel.yama.ptrace_scope is " + scope
                                + ": nobody, until the next start of the machine)",
                        "start one with `lsp serve` instead");
        };
    }
}
