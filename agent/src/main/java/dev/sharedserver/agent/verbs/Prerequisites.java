package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.ServerSpec;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.LongFunction;
import java.util.function.Predicate;

/**
 * What a server of the config depends on: attached to before it, for the same client, as {@code up} does it. One after the other,
 * since whoever asks for one server is shown what is waited for. What was taken for nothing is given back.
 */
final class Prerequisites {

    private final Supervisor supervisor;
    private final Launches launches;
    private final Request request;
    private final FleetResults make;
    private final Client client;
    private final Asking asking;
    private final List<ServerName> taken = new ArrayList<>();

    Prerequisites(
            Supervisor supervisor,
            Launches launches,
            Request request,
            FleetResults make,
            Client client,
            Asking asking) {
        this.supervisor = supervisor;
        this.launches = launches;
        this.request = request;
        this.make = make;
        this.client = client;
        this.asking = asking;
    }

    /** How a server is asked, and its answer awaited. */
    interface Asking {
        Outcome ask(ServerName id, LongFunction<? extends Event> event)
                throws IOException, InterruptedException, Failure;
    }

    /**
     * Attaches to all that a server depends on; gives back what it has taken if one of them cannot be had.
     *
     * @param id the server as it is on disk
     * @return what became of each, in order; empty if the config does not name the server, or does not want it here
     */
    List<FleetResult> take(ServerName id, CallersConfig config, UseOptions options)
            throws IOException, InterruptedException, Failure {
        ServerSpec server = config.named(id);
        if (server == null || server.dependsOn().isEmpty() || config.skippedBy(server) != null) {
            return List.of();
        }
        Predicate<ServerSpec> isWanted = spec -> config.skippedBy(spec) == null;
        SequencedMap<ServerName, ServerSpec> order = Dependencies.inOrder(List.of(server), config.file(), isWanted);
        List<FleetResult> results = new ArrayList<>();
        String at = "";
        try {
            for (ServerSpec spec : order.values()) {
                for (String dependency : spec.dependsOn()) {
                    at = dependency;
                    CallersConfig.refuse(isWanted.test(spec) ? config.file().errorsOf(dependency) : List.of());
                }
            }
            order.remove(server.name());
            for (ServerName name : order.sequencedKeySet()) {
                at = name.value();
                results.add(take(name, config.onDisk(name), config, options));
            }
        } catch (Failure e) {
            giveBack();
            throw new Failure(
                    ExitCodes.FAILED, Dependencies.failed(server.name(), at).text() + ": " + e.text());
        }
        return results;
    }

    private FleetResult take(ServerName name, ServerName id, CallersConfig config, UseOptions options)
            throws IOException, InterruptedException, Failure {
        CallersConfig.Configured found = config.configured(id, UseOptions.ofConfig(options.config()), launches.ports());
        if (found == null) {
            throw new IllegalStateException("a dependency is a key of the file");
        }
        String variable = found.skippedBy();
        if (variable != null) {
            return make.skipped(name, id, variable);
        }
        Launch launch = launches.configured(id, found, request);
        Client held = client.with(found.options().metadata());
        boolean had = supervisor.server(id).state().clients().containsKey(client.key());
        FleetResult result = make.of(name, id, asking.ask(id, number -> new Event.Use(number, held, launch)));
        if (result.failed()) {
            throw new Failure(ExitCodes.FAILED, result.why());
        }
        if (!had) {
            taken.add(id);
        }
        return result;
    }

    /** Lets go of what was taken, and not held before. */
    void giveBack() throws InterruptedException {
        for (ServerName id : taken.reversed()) {
            supervisor.ask(supervisor.server(id), number -> new Event.Unuse(number, client.key(), null));
        }
        taken.clear();
    }
}
