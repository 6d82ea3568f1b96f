package dev.sharedserver.dev;

import dev.sharedserver.dev.process.GroupLedger;
import dev.sharedserver.dev.process.RecordedGroup;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.Map;

/**
 * Gives ports of {@value #PORT_RANGE_START} to {@value #PORT_RANGE_END} (exclusive) to plugins. A plugin asks for the same one each time, by its id, and
 * gets the next one if that is taken; so it keeps its port over restarts of the hub, without a file that could be wrong.
 */
public final class PortAllocator {

    /** The first port. */
    public static final int PORT_RANGE_START = 15173;

    /** The one after the last. */
    public static final int PORT_RANGE_END = 15273;

    private final GroupLedger ledger;
    private final Map<String, Integer> ports = new HashMap<>();

    /** Records process groups in {@code ledger}. */
    public PortAllocator(GroupLedger ledger) {
        this.ledger = ledger;
    }

    /** Reserves a port that nothing listens at; the same one as before for a plugin that has one. */
    public int allocate(String pluginID) throws DevServerException {
        return reserve(pluginID);
    }

    /** Reserves a port for one more process of a plugin. */
    public int allocate(String pluginID, String process) throws DevServerException {
        // no id has a slash
        return reserve(pluginID + "/" + process);
    }

    private synchronized int reserve(String pluginID) throws DevServerException {
        Integer had = ports.get(pluginID);
        if (had != null) {
            return had;
        }
        int count = PORT_RANGE_END - PORT_RANGE_START;
        int first = Math.floorMod(pluginID.hashCode(), count);
        for (int i = 0; i < count; i++) {
            int port = PORT_RANGE_START + (first + i) % count;
            if (!ports.containsValue(port) && isFree(port)) {
                ports.put(pluginID, port);
                return port;
            }
        }
        throw DevServerException.portsExhausted();
    }

    /** Tells whether nobody listens at a port of 127.0.0.1. */
    static boolean isFree(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            // as servers do, so that connections of the last one that linger are no obstacle
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the port of a plugin, 0 if it has none. */
    public synchronized int getPort(String pluginID) {
        return ports.getOrDefault(pluginID, 0);
    }

    /** Gives a port back. */
    public synchronized void release(int port) {
        ports.values().remove(port);
    }

    /** Gives the ports of a plugin back and returns that of its front end, 0 if it had none. */
    public synchronized int releaseByPlugin(String pluginID) {
        ports.keySet().removeIf(key -> key.startsWith(pluginID + "/"));
        Integer port = ports.remove(pluginID);
        return port == null ? 0 : port;
    }

    /** Records who serves at a port, for {@link #cleanupStaleProcesses} of the next hub; a group that is not there is not recorded. */
    public void recordPID(int port, long pgid) throws IOException {
        ProcStat stat = pgid > 1 ? ledger.proc().stat(pgid) : null;
        if (stat != null) {
            ledger.add(new RecordedGroup(port, pgid, stat.startTime(), ""));
        }
    }

    /** Writes what was recorded once more. */
    public void savePIDs() throws IOException {
        ledger.save();
    }

    /** Ends the process groups that a hub which was killed has left. */
    public GroupLedger.Stale cleanupStaleProcesses() throws IOException, InterruptedException {
        return ledger.endStale();
    }
}
