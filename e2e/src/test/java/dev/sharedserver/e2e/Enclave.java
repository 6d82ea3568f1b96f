package dev.sharedserver.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Namespaces of their own: a {@code /tmp} and {@code /run} that nobody else uses, and on request pids of their own, so
 * that a test can force what would disturb the machine. Kept by one process; what runs in a pid namespace dies with it.
 */
final class Enclave {
    /** Reaps what is orphaned in the namespace, as an init does. */
    private static final String INIT = """
        import os, time
        open('%s', 'w').write('ready\\n')
        while True:
            try:
                os.wait()
            except ChildProcessError:
                time.sleep(0.01)
        """;

    private final Sandbox box;
    private final Stamped keeper;
    private final boolean ownPids;

    private Enclave(Sandbox box, Stamped keeper, boolean ownPids) {
        this.box = box;
        this.keeper = keeper;
        this.ownPids = ownPids;
    }

    /** Makes a mount namespace after running {@code setUp} (a script of {@code sh}) in it. */
    static Enclave ofMounts(Sandbox box, String setUp) {
        Path ready = box.root().resolve("enclave-ready");
        Stamped keeper = box.start(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-ec",
                // a product below /tmp or /run stays where it is: by its descriptor, since its path is hidden then
                "exec 9<'" + Product.home() + "'\n"
                        + "mount -t tmpfs tmpfs /tmp; chmod 1777 /tmp; mount -t tmpfs tmpfs /run\n"
                        + "[ -e '" + Product.home() + "' ] || { mkdir -p '" + Product.home()
                        + "'; mount -c --bind /proc/self/fd/9 '" + Product.home() + "'; }\n"
                        + "exec 9<&-\n" + setUp + "\necho ready >" + ready + "; exec sleep 1000");
        await(ready, keeper);
        return new Enclave(box, keeper, false);
    }

    /** Makes a pid namespace with its own {@code /proc}. */
    static Enclave ofPids(Sandbox box) {
        Path ready = box.root().resolve("enclave-ready");
        Path script = box.root().resolve("init.py");
        try {
            Files.writeString(script, INIT.formatted(ready));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Stamped unshare =
                box.start("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "python3", script.toString());
        await(ready, unshare);
        long inside = ProcessFacts.all().stream()
                .map(ProcessFacts::stat)
                .filter(stat -> stat != null && stat.parent() == unshare.pid())
                .findFirst()
                .orElseThrow()
                .pid();
        Stamped init = Stamped.of(inside);
        box.atEnd(() -> removeState(box, init));
        return new Enclave(box, init, true);
    }

    /** A guard that is killed with its namespace cannot tidy up. */
    private static void removeState(Sandbox box, Stamped init) {
        Until.holds(() -> !init.alive(), "the namespace is gone");
        Trees.delete(box.lockdir());
    }

    private static void await(Path ready, Stamped keeper) {
        Until.holds(
                () -> {
                    if (!keeper.alive()) {
                        throw new AssertionError("the namespace could not be made");
                    }
                    return Files.exists(ready);
                },
                "the namespace is ready");
    }

    /** Lets the command run inside. */
    Invocation in(Invocation command) {
        List<String> wrapper =
                new ArrayList<>(List.of("nsenter", "--target", "" + keeper.pid(), "--mount", "--wd=" + box.work()));
        if (ownPids) {
            wrapper.add("--pid");
        }
        wrapper.add("--");
        return command.under(wrapper.toArray(String[]::new));
    }

    Invocation sharedserver(String... args) {
        return in(box.command(args));
    }

    Invocation sh(String script) {
        return in(box.sh(script));
    }

    /** Starts a live process inside and returns its pid as it is there. */
    long client() {
        return Long.parseLong(sh("setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!")
                .run()
                .ok()
                .out()
                .trim());
    }

    /** Starts a stranger that has exactly this pid (and leads a group of that number); pids have to be its own. */
    void recycle(long pid) {
        tryToRecycle(pid).ok();
    }

    Result tryToRecycle(long pid) {
        return sh("i=0; while [ $i -lt 200 ]; do echo " + (pid - 1) + " >/proc/sys/kernel/ns_last_pid;"
                        + " setsid sleep 1001 </dev/null >/dev/null 2>&1 & [ $! = " + pid
                        + " ] && exit 0; kill -9 $!; sleep 0.01; i=$((i+1)); done; exit 1")
                .run();
    }

    boolean alive(long pid) {
        return sh("grep -q '^State:.[RSD]' /proc/" + pid + "/status").run().exit() == 0;
    }

    /** Whether a process inside runs that command. */
    boolean runs(long pid, String command) {
        return sh("tr '\\0' ' ' </proc/" + pid + "/cmdline").run().out().trim().equals(command);
    }

    void kill(long pid) {
        sh("kill -9 " + pid).run();
        Until.holds(() -> !alive(pid), pid + " is dead");
    }

    /** Returns the processes inside but for the keeper, by their pids outside. */
    List<Long> processes() {
        String namespace = ProcessFacts.link(keeper.pid(), "ns/mnt");
        return ProcessFacts.all().stream()
                .filter(pid -> pid != keeper.pid())
                .filter(pid -> namespace != null && namespace.equals(ProcessFacts.link(pid, "ns/mnt")))
                .filter(ProcessFacts::isAlive)
                .toList();
    }
}
