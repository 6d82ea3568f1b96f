package dev.sharedserver.e2e;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The processes of ours that watch one state directory: those that hold its lock. */
record Overseers(@Nullable Stamped guard, @Nullable Stamped agent) {

    static Overseers of(Path lockdir) {
        String lock = lockdir + "/.agent.lock";
        List<ProcessFacts.Stat> holders = new ArrayList<>();
        for (long pid : ProcessFacts.all()) {
            if (ProcessFacts.descriptors(pid).stream().anyMatch(file -> file.contains(lock))) {
                ProcessFacts.Stat stat = ProcessFacts.stat(pid);
                if (stat != null && !stat.dead()) {
                    holders.add(stat);
                }
            }
        }
        Stamped guard = null;
        Stamped agent = null;
        for (ProcessFacts.Stat holder : holders) {
            boolean parentHoldsToo = holders.stream().anyMatch(other -> other.pid() == holder.parent());
            Stamped process = new Stamped(holder.pid(), holder.stamp());
            if (!parentHoldsToo && !ProcessFacts.comm(holder.pid()).equals("java")) {
                guard = process;
            } else {
                agent = process;
            }
        }
        return new Overseers(guard, agent);
    }

    boolean includes(Stamped process) {
        return process.equals(guard) || process.equals(agent);
    }
}
