package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.os.Listeners;
import dev.sharedserver.os.Listeners.Listener;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Says, for people, who else listens on the port that a server is to have. */
final class PortHolders {

    private final Listeners listeners;
    private final Proc proc;
    private final int uid;

    /** Makes one for the servers of a user. */
    PortHolders(Listeners listeners, Proc proc, int uid) {
        this.listeners = listeners;
        this.proc = proc;
        this.uid = uid;
    }

    /**
     * Returns who holds a port and what to do about it, null if it is free. Whatever the address: who listens on one keeps
     * a server from listening on all.
     *
     * @param self a process whose own sockets are no obstacle, null if there is none
     * @param servers the name of the server whose process group that is, null if it is none's
     */
    @Nullable
    String complaint(int port, @Nullable ProcessId self, LongFunction<@Nullable ServerName> servers) {
        for (Listener listener : listeners.of(port)) {
            if (self != null && listeners.holds(self.pid(), listener.inode())) {
                continue;
            }
            long pid = listeners.holder(listener.inode());
            if (pid < 0 && !listeners.of(port).contains(listener)) {
                continue; // it has ended in between
            }
            return "port " + port + " is held by " + holder(listener, pid, servers);
        }
        return null;
    }

    private String holder(Listener listener, long pid, LongFunction<@Nullable ServerName> servers) {
        String whose = listener.uid() == uid ? "" : " of uid " + Integer.toUnsignedString(listener.uid());
        String where = ", which listens on " + listener.address() + ": ";
        if (pid < 0) {
            return (whose.isEmpty() ? "a process that cannot be seen from here (a container's?)" : "a process" + whose)
                    + where + "ask for it to be ended, or choose another port";
        }
        ProcStat stat = proc.stat(pid);
        ServerName server = stat == null ? null : servers.apply(stat.pgrp());
        String process = "process " + pid + whose + " (" + command(pid, stat) + ")";
        return server == null
                ? process + where + "end it, or choose another port"
                : "server " + Quote.escape(server.value()) + ", " + process + where
                        + "stop that server, or choose another port";
    }

    private String command(long pid, @Nullable ProcStat stat) {
        List<String> command = proc.cmdline(pid);
        String text = command == null ? "" : String.join(" ", command).strip();
        return Quote.of(text.isEmpty() && stat != null ? stat.comm() : text);
    }
}
