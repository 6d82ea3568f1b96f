package dev.sharedserver.e2e;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The processes of ours that watch one state directory: those that hold its lock. In the portable product they are one. */
record Overseers(@Nullable Stamped guard, @Nullable Stamped agent) {

    /** Whoever holds the lock, also one that is about to end: what of them is guard or agent cannot be told of each. */
    static Set<Stamped> holders(Path lockdir) {
        Set<Stamped> holders = new HashSet<>();
        holding(lockdir).forEach(holder -> holders.add(new Stamped(holder.pid(), holder.stamp())));
        return holders;
    }

    private static List<ProcessFacts.Stat> holding(Path lockdir) {
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
        return holders;
    }

    static Overseers of(Path lockdir) {
        List<ProcessFacts.Stat> holders = holding(lockdir);
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
        return new Overseers(guard == null && Product.isPortable() ? agent : guard, agent);
    }
}
