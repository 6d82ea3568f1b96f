package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.wire.Request;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which process a command speaks for: the one named by {@code --pid}, else the launcher's parent, else the
 * nearest ancestor that lasts longer than the command line it was made for.
 */
final class Callers {

    private static final Set<String> SHELLS =
            Set.of("sh", "bash", "dash", "zsh", "ksh", "mksh", "fish", "ash", "busybox");
    private static final Set<String> WRAPPERS =
            Set.of("timeout", "xargs", "find", "env", "nice", "nohup", "setsid", "stdbuf", "sudo", "doas", "su");

    private final Proc proc;
    private final int uid;
    private final @Nullable String namespace;

    Callers(Proc proc, long self) {
        this.proc = proc;
        this.uid = proc.uid(self);
        this.namespace = proc.pidNamespace(self);
    }

    /** Who calls. {@code indirect} if it is not the launcher's direct parent. */
    record Caller(ProcessId process, boolean indirect) {}

    /** Returns the process of that pid if it may hold a reference. */
    ProcessId named(long pid) throws Failure {
        ProcStat stat = proc.stat(pid);
        if (stat == null || !stat.alive() || !proc.isProcess(pid)) {
            throw new Failure(ExitCodes.FAILED, "no process " + pid + " is alive: --pid must name a live process");
        }
        if (proc.uid(pid) != uid) {
            throw new Failure(
                    ExitCodes.FAILED, "process " + pid + " belongs to another user: --pid must name one of yours");
        }
        return new ProcessId(pid, stat.startTime());
    }

    /** Returns the launcher itself, which is about to become a command. */
    ProcessId launcher(Request request) throws Failure {
        launcherStat(request);
        return new ProcessId(request.pid(), request.stamp());
    }

    private ProcStat launcherStat(Request request) throws Failure {
        ProcStat launcher = proc.stat(request.pid());
        if (launcher == null || launcher.startTime() != request.stamp()) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "cannot tell who calls: process " + request.pid()
                            + " is in another pid namespace, or gone; name the client by --pid, or use --hold");
        }
        return launcher;
    }

    /** Returns the process that the command was most likely made for. */
    Caller of(Request request) throws Failure {
        ProcStat launcher = launcherStat(request);
        ProcStat candidate = lasting(launcher.ppid());
        if (candidate == null) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "no lasting process calls (the parent is a short-lived shell, a wrapper or another user's): "
                            + "name the client by --pid, or use --hold");
        }
        return new Caller(new ProcessId(candidate.pid(), candidate.startTime()), candidate.pid() != launcher.ppid());
    }

    private @Nullable ProcStat lasting(long first) {
        long pid = first;
        while (pid > 1) {
            ProcStat stat = proc.stat(pid);
            if (stat == null || !stat.alive() || proc.uid(pid) != uid || !sameNamespace(pid)) {
                return null;
            }
            boolean leadsTerminal = stat.session() == pid && stat.tty() != 0;
            if (leadsTerminal || !isPassing(stat)) {
                return stat;
            }
            pid = stat.ppid();
        }
        return null;
    }

    private boolean sameNamespace(long pid) {
        return namespace == null || namespace.equals(proc.pidNamespace(pid));
    }

    /** Tells whether a process lives for one command only. */
    private boolean isPassing(ProcStat stat) {
        if (WRAPPERS.contains(stat.comm())) {
            return true;
        }
        if (!SHELLS.contains(stat.comm())) {
            return false;
        }
        if (stat.forkedWithoutExec()) {
            return true;
        }
        List<String> argv = proc.cmdline(stat.pid());
        return argv != null && hasCommandOption(argv);
    }

    /** {@code sh -c}, {@code bash -lc}, {@code busybox sh -c}: a short option that holds a c, before any operand. */
    private static boolean hasCommandOption(List<String> argv) {
        for (int i = 1; i < argv.size(); i++) {
            String word = argv.get(i);
            if (i == 1 && argv.get(0).endsWith("busybox") && !word.startsWith("-")) {
                continue;
            }
            if (!word.startsWith("-") || word.equals("--") || word.equals("-")) {
                return false;
            }
            if (!word.startsWith("--") && word.indexOf('c') > 0) {
                return true;
            }
            if (word.equals("-o") || word.equals("-O")) {
                i++;
            }
        }
        return false;
    }
}
