package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.DoctorOutput;
import dev.sharedserver.cli.Terminal;
import dev.sharedserver.core.Damage;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.core.wire.LauncherConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@code admin doctor}: finds what is not as it should be, repairs it, and says both. */
final class DoctorVerb {

    private final Supervisor supervisor;
    private final StateDirectory store;
    private final LauncherConnection launcher;
    private final Terminal out;
    private final boolean first;

    /**
     * Makes it.
     *
     * @param first whether this is the agent's first request: then what its start put right is part of the answer
     */
    DoctorVerb(Supervisor supervisor, StateDirectory store, LauncherConnection launcher, Terminal out, boolean first) {
        this.supervisor = supervisor;
        this.store = store;
        this.launcher = launcher;
        this.out = out;
        this.first = first;
    }

    void carryOut(Command.Doctor command) throws IOException, InterruptedException {
        if (!first) {
            supervisor.repairs(); // long ago, and told in the event log
        }
        List<Damage> ofDirectory = new ArrayList<>();
        Map<String, List<Damage>> byServer = new TreeMap<>();
        if (command.name() != null) {
            examine(command.name(), byServer);
        } else {
            Damage open = store.close();
            if (open != null) {
                ofDirectory.add(open);
            }
            try {
                for (ServerName name : supervisor.names()) {
                    examine(name, byServer);
                }
            } catch (IOException e) {
                ofDirectory.add(new Damage(
                        null, Damage.Kind.UNREADABLE_FILE, "the state directory cannot be listed: " + e, false));
            }
        }
        for (Damage damage : supervisor.repairs()) {
            ServerName of = damage.server();
            if (of != null && (command.name() == null || command.name().equals(of))) {
                byServer.computeIfAbsent(of.value(), n -> new ArrayList<>()).add(damage);
            }
        }
        boolean healed = ofDirectory.stream().allMatch(Damage::repaired)
                && byServer.values().stream().flatMap(List::stream).allMatch(Damage::repaired);
        launcher.stdout(
                command.json()
                        ? DoctorOutput.json(ofDirectory, byServer)
                        : DoctorOutput.text(command.name() == null, ofDirectory, new LinkedHashMap<>(byServer), out));
        launcher.exit(healed ? ExitCodes.OK : ExitCodes.FAILED);
    }

    private void examine(ServerName name, Map<String, List<Damage>> byServer) throws InterruptedException {
        List<Damage> damages = byServer.computeIfAbsent(name.value(), n -> new ArrayList<>());
        try {
            damages.addAll(supervisor.examine(name));
        } catch (RuntimeException e) {
            damages.add(new Damage(
                    name, Damage.Kind.UNREADABLE_FILE, "it cannot be examined: " + Quote.escape(e.toString()), false));
        }
    }
}
