package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.wire.Request;
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
    private static final Set<String> WRAPPERS = Set.of(
            "timeout", "xargs", "find", "env", "nice", "nohup", "setsid", "stdbuf", "sudo", "doas", "su", "runuser",
            "flock", "time");

    /** Long options of shells whose value is a word of its own. */
    private static final Set<String> WITH_VALUE = Set.of("--rcfile", "--init-file", "--emulate", "--init-command");

    /** Where the orphans of a user's session land, as those of the machine do at process 1. */
    private static final String SESSION_INIT = "systemd";

    private final Proc proc;
    private final long guard;
    private final int uid;
    private final @Nullable String namespace;

    Callers(Proc proc, long guard, long self) {
        this.proc = proc;
        this.guard = guard;
        this.uid = proc.uid(self);
        this.namespace = proc.pidNamespace(self);
    }

    /** Who calls. {@code indirect} if it is not the launcher's direct parent. */
    record Caller(ProcessId process, boolean indirect) {}

    /** Returns the process that the caller names by that pid, if it may hold a reference. */
    ProcessId named(long pid, Request request) throws Failure {
        number(pid, request);
        ProcStat stat = proc.stat(pid);
        if (stat == null || !stat.alive() || !stat.isProcess()) {
            throw new Failure(ExitCodes.FAILED, "no process " + pid + " is alive: --pid must name a live process");
        }
        if (!proc.isOf(uid, pid)) {
            throw new Failure(
                    ExitCodes.FAILED, "process " + pid + " belongs to another user: --pid must name one of yours");
        }
        return new ProcessId(pid, stat.startTime());
    }

    /** Returns a pid as the caller gives it, who must count processes as we do. */
    long number(long pid, Request request) throws Failure {
        launcherStat(request);
        return pid;
    }

    /** Returns the launcher itself, which is about to become a command. */
    ProcessId launcher(Request request) throws Failure {
        launcherStat(request);
        return new ProcessId(request.pid(), request.stamp());
    }

    /** Returns what the kernel says of the launcher, which must be the process that it says it is. */
    ProcStat launcherStat(Request request) throws Failure {
        ProcStat launcher = proc.stat(request.pid());
        if (launcher == null || launcher.startTime() != request.stamp()) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "cannot tell who calls: process " + request.pid()
                            + " is in another pid namespace than the server, or gone; use --hold");
        }
        return launcher;
    }

    /** Returns the process that the command was most likely made for. */
    Caller of(Request request) throws Failure {
        ProcStat launcher = launcherStat(request);
        ProcStat candidate = lasting(proc.stat(launcher.ppid()));
        if (candidate == null) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "no lasting process calls (the parent is a short-lived shell, a wrapper or another user's): "
                            + "name the client by --pid, or use --hold");
        }
        return new Caller(new ProcessId(candidate.pid(), candidate.startTime()), candidate.pid() != launcher.ppid());
    }

    /** Returns who asks, as well as can be told; the launcher itself if nothing better is known. */
    Asker asker(Request request) {
        ProcStat launcher = proc.stat(request.pid());
        return launcher == null || launcher.startTime() != request.stamp()
                ? new Asker(request.pid(), null)
                : asker(request, launcher);
    }

    /** The same where the launcher is known already ({@link #launcherStat}). */
    Asker asker(Request request, ProcStat launcher) {
        ProcStat parent = proc.stat(launcher.ppid());
        if (parent == null) {
            return new Asker(request.pid(), null);
        }
        ProcStat lasting = lasting(parent);
        ProcStat asker = lasting == null ? parent : lasting;
        return new Asker(asker.pid(), asker.comm());
    }

    private @Nullable ProcStat lasting(@Nullable ProcStat first) {
        for (ProcStat stat = first; stat != null && stat.pid() > 1; stat = proc.stat(stat.ppid())) {
            long pid = stat.pid();
            if (!stat.alive() || !proc.isOf(uid, pid) || !sameNamespace(pid) || isInit(stat)) {
                return null;
            }
            boolean leadsTerminal = stat.session() == pid && stat.tty() != 0;
            if (leadsTerminal || !isPassing(stat)) {
                return stat;
            }
        }
        return null;
    }

    /** Tells whether it takes in orphans: it is not the one who called, and it outlasts everybody. */
    private boolean isInit(ProcStat stat) {
        return stat.pid() == guard || stat.comm().equals(SESSION_INIT);
    }

    private boolean sameNamespace(long pid) {
        return namespace == null || namespace.equals(proc.pidNamespace(pid));
    }

    /** Tells whether a process lives for one command only. */
    private boolean isPassing(ProcStat stat) {
        if (WRAPPERS.contains(stat.comm())) {
            return true;
        }
        if (stat.forkedWithoutExec()) {
            return isShell(stat);
        }
        List<String> argv = SHELLS.contains(stat.comm()) ? proc.cmdline(stat.pid()) : null;
        return argv != null && hasCommandOption(argv);
    }

    /** A script that was executed by its name is called by that name, and so are its subshells. */
    private boolean isShell(ProcStat stat) {
        if (SHELLS.contains(stat.comm())) {
            return true;
        }
        String exe = proc.exe(stat.pid());
        return exe != null && SHELLS.contains(exe.substring(exe.lastIndexOf('/') + 1));
    }

    /** {@code sh -c}, {@code bash -lc}, {@code busybox sh -c}: a short option that holds a c, before any operand. */
    private static boolean hasCommandOption(List<String> argv) {
        for (int i = 1; i < argv.size(); i++) {
            String word = argv.get(i);
            if (i == 1 && argv.get(0).endsWith("busybox") && !word.startsWith("-")) {
                continue;
            }
            boolean option = word.length() > 1 && (word.charAt(0) == '-' || word.charAt(0) == '+');
            if (!option || word.equals("--")) {
                return false;
            }
            if (word.startsWith("--")) {
                if (word.startsWith("--command")) {
                    return true;
                }
                i += WITH_VALUE.contains(word) ? 1 : 0;
            } else if (word.indexOf('c') > 0) {
                return true;
            } else if (word.endsWith("o") || word.endsWith("O")) {
                // bash -euo pipefail -c …
                i++;
            }
        }
        return false;
    }
}
