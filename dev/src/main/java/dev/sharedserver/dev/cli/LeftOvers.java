package dev.sharedserver.dev.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.http.CoreServers;
import dev.sharedserver.dev.process.GroupLedger;
import dev.sharedserver.dev.process.ProcessGroup;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Processes that a project has left: they were started by a hub, in an environment that says so, and belong to no group that one
 * runs now. A shared server is none: a project may use some, which stay when it goes. (Whatever has lost its parent becomes the
 * guard's child, as servers are, so those have to be known.)
 */
final class LeftOvers {

    private static final int LONGEST_COMMAND = 80;
    private static final int DEEPEST = 64;

    /** How a guard's command line begins. */
    private static final List<String> GUARD = List.of("sharedserver", "--guard");

    /**
     * What is left.
     *
     * @param id the session's
     * @param command that of one of its processes
     * @param hub the state directory of its hub, empty if it does not say
     */
    record Session(long id, int processes, String command, String hub, boolean own) {
        @Override
        public String toString() {
            return "session " + id + " (" + (processes == 1 ? "" : processes + " processes, ") + command
                    + ") was left by a project that is not up any more"
                    + (own ? "" : ", of the hub in " + (hub.isEmpty() ? "a directory that it does not say" : hub));
        }
    }

    private final GroupLedger ledger;
    private final Proc proc;
    private final CoreServers shared;
    private final boolean all;

    /**
     * Looks for those of this hub.
     *
     * @param shared the servers of the hub's state directory
     * @param all for those of others, too
     */
    LeftOvers(GroupLedger ledger, CoreServers shared, boolean all) {
        this.shared = shared;
        this.ledger = ledger;
        this.proc = ledger.proc();
        this.all = all;
    }

    /** Says that there is nothing. */
    String none() {
        return all ? "no process of a hub that is gone" : "no process of this hub without its project";
    }

    List<Session> find() throws DevServerException, IOException, InterruptedException {
        record Found(ProcStat stat, Map<String, String> variables) {}
        List<Found> found = new ArrayList<>();
        for (long pid : proc.pids()) {
            ProcStat stat = proc.stat(pid);
            if (stat != null && stat.alive()) {
                Map<String, String> variables = variables(pid);
                if (variables.containsKey(ProcessGroup.TOKEN)) {
                    found.add(new Found(stat, variables));
                }
            }
        }
        // after the processes were looked at: one that was started meanwhile is in it
        Set<String> running = ledger.tokens();
        Set<Long> servers = found.isEmpty() ? Set.of() : servers();
        Map<Long, Session> sessions = new TreeMap<>();
        for (Found one : found) {
            String hub = one.variables.getOrDefault(ProcessGroup.HUB, "");
            boolean own = hub.equals(ledger.directory().toString());
            boolean left = own
                    ? !running.contains(one.variables.get(ProcessGroup.TOKEN))
                    : all && nobodysChild(one.stat.session());
            if (left && !isShared(one.stat, servers)) {
                Session before = sessions.get(one.stat.session());
                sessions.put(
                        one.stat.session(),
                        new Session(
                                one.stat.session(),
                                before == null ? 1 : before.processes + 1,
                                before == null ? command(one.stat.pid()) : before.command,
                                hub,
                                own));
            }
        }
        return List.copyOf(sessions.values());
    }

    /** Tells whether no hub can end a session: another hub's groups are in its own memory. */
    private boolean nobodysChild(long session) {
        ProcStat leader = proc.stat(session);
        return leader == null || !leader.alive() || leader.ppid() <= 1;
    }

    private Set<Long> servers() throws DevServerException, IOException, InterruptedException {
        Set<Long> pids = new HashSet<>();
        for (JsonElement server : JsonParser.parseString(shared.list()).getAsJsonArray()) {
            pids.add(server.getAsJsonObject().get("pid").getAsLong());
        }
        return pids;
    }

    /** Tells whether a process is a shared server, or descends from one, or is what runs them. */
    private boolean isShared(ProcStat process, Set<Long> servers) {
        String java = proc.exe(ProcessHandle.current().pid());
        ProcStat stat = process;
        for (int depth = 0; stat != null && stat.pid() > 1 && depth < DEEPEST; depth++) {
            if (servers.contains(stat.pid()) || servers.contains(stat.session())) {
                return true;
            }
            List<String> words = proc.cmdline(stat.pid());
            if (words != null && words.size() > 2 && words.subList(0, 2).equals(GUARD)) {
                // another guard's servers are not known here
                return depth == 0 || !words.get(2).equals(ledger.directory().toString());
            }
            if (java != null && java.equals(proc.exe(stat.pid()))) {
                return true;
            }
            stat = proc.stat(stat.ppid());
        }
        return false;
    }

    private Map<String, String> variables(long pid) {
        List<String> environment = proc.environment(pid);
        Map<String, String> variables = new HashMap<>();
        for (String entry : environment == null ? List.<String>of() : environment) {
            if (entry.startsWith(ProcessGroup.TOKEN + "=") || entry.startsWith(ProcessGroup.HUB + "=")) {
                int equals = entry.indexOf('=');
                variables.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return variables;
    }

    private String command(long pid) {
        List<String> words = proc.cmdline(pid);
        String line = words == null ? "" : Quote.escape(String.join(" ", words));
        return line.length() <= LONGEST_COMMAND ? line : line.substring(0, LONGEST_COMMAND) + "…";
    }
}
