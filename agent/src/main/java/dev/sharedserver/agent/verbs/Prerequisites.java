package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.ServerSpec;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.Reasons;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.LongFunction;
import java.util.function.Predicate;

/**
 * What a server of the config depends on: attached to before it, for the same client, as {@code up} does it. One after the other,
 * since whoever asks for one server is shown what is waited for. What was taken for nothing is given back by {@link #settle},
 * once it is known whether the client has the server itself.
 */
final class Prerequisites {

    private final Supervisor supervisor;
    private final Launches launches;
    private final Request request;
    private final FleetResults make;
    private final Client client;
    private final Asking asking;
    private final Deque<ServerName> taking = new ArrayDeque<>();

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
     * Attaches to all that a server depends on; fails if one of them cannot be had.
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
            for (ServerName name : order.sequencedKeySet()) {
                begin(config.onDisk(name));
            }
            List<ServerSpec> all = List.copyOf(order.values());
            order.remove(server.name());
            for (ServerName name : order.sequencedKeySet()) {
                at = name.value();
                Reasons reasons = Dependencies.reasons(name, all, config);
                results.add(take(name, config.onDisk(name), config, options, reasons));
            }
        } catch (Failure e) {
            throw new Failure(
                    ExitCodes.FAILED, Dependencies.failed(server.name(), at).text() + ": " + e.text());
        }
        return results;
    }

    private FleetResult take(ServerName name, ServerName id, CallersConfig config, UseOptions options, Reasons reasons)
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
        Client held = client.with(found.options().metadata()).with(reasons);
        FleetResult result = make.of(name, id, asking.ask(id, number -> new Event.Use(number, held, launch)));
        if (result.failed()) {
            throw new Failure(ExitCodes.FAILED, result.why());
        }
        return result;
    }

    private void begin(ServerName id) {
        supervisor.needs().taking(id, client.key());
        taking.push(id);
    }

    /** Lets go of what was taken for a server that the client does not hold. */
    void settle() throws InterruptedException {
        // the dependent ones first: what they leave is what lets go of the next
        while (!taking.isEmpty()) {
            supervisor.needs().taken(taking.pop(), client.key());
        }
    }
}
