package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Nearest;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.ServerSpec;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.Reasons;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Attaches one process to many servers of a config at the same time. Each server has a thread of its own, which waits for those
 * that it depends on; what is known of one is told at once.
 */
final class Ascent {

    private final Supervisor supervisor;
    private final Launches launches;
    private final Request request;
    private final FleetResults make;
    private final @Nullable String metadata;
    private final ProcessId client;
    private final CallersConfig config;
    private final UseOptions options;
    private final Set<ServerName> named = new LinkedHashSet<>();
    private final Set<ServerName> wanted = new LinkedHashSet<>();
    private final Set<ServerName> onlyIfRunning = new LinkedHashSet<>();
    private final Map<String, CompletableFuture<FleetResult>> results = new LinkedHashMap<>();
    private final AtomicInteger unfinished = new AtomicInteger();
    private final BlockingQueue<FleetResult> known = new LinkedBlockingQueue<>();

    Ascent(
            Supervisor supervisor,
            Launches launches,
            Request request,
            FleetResults make,
            @Nullable String metadata,
            UseOptions options,
            ProcessId client,
            CallersConfig config) {
        this.supervisor = supervisor;
        this.launches = launches;
        this.request = request;
        this.make = make;
        this.metadata = metadata;
        this.client = client;
        this.config = config;
        this.options = options;
    }

    /** Who wants to know of a server as soon as it is known. */
    interface Teller {
        void tell(FleetResult result) throws IOException;
    }

    /** Adds a server, and what it depends on. */
    void want(ServerName first) {
        ServerSpec spec = config.file().servers().get(first.value());
        named.add(first);
        if (spec != null && spec.lazy()) {
            onlyIfRunning.add(first);
            return;
        }
        ArrayDeque<ServerName> left = new ArrayDeque<>();
        left.add(first);
        while (!left.isEmpty()) {
            ServerName name = left.remove();
            ServerSpec next = config.file().servers().get(name.value());
            if (wanted.add(name) && next != null && config.skippedBy(next) == null) {
                for (String dependency : next.dependsOn()) {
                    try {
                        left.add(ServerName.of(dependency));
                    } catch (InvalidInput e) {
                        throw new IllegalStateException("a dependency is a key of the file", e);
                    }
                }
            }
        }
    }

    /** Starts all and tells of each. */
    void go(Teller teller) throws IOException, InterruptedException {
        onlyIfRunning.removeAll(wanted);
        List<ServerName> all = new ArrayList<>(wanted);
        all.addAll(onlyIfRunning);
        for (ServerName name : all) {
            results.put(name.value(), new CompletableFuture<>());
        }
        unfinished.set(all.size());
        for (ServerName name : wanted) {
            supervisor.needs().taking(config.onDisk(name), Long.toString(client.pid()));
        }
        for (ServerName name : all) {
            Thread.ofVirtual().start(() -> finish(name));
        }
        for (int i = 0; i < results.size(); i++) {
            teller.tell(known.take());
        }
    }

    private void finish(ServerName name) {
        FleetResult made;
        try {
            made = attach(name);
        } catch (Failure e) {
            made = make.failed(name, config.onDisk(name), e.text());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            made = make.failed(name, config.onDisk(name), "interrupted");
        } catch (RuntimeException | ExecutionException e) {
            // told to this caller; the others' servers are no worse for it
            made = make.failed(name, config.onDisk(name), "internal error: " + e);
        }
        of(name.value()).complete(made);
        if (unfinished.decrementAndGet() == 0) {
            giveBack();
        }
        known.add(made);
    }

    /** Has nothing held for what could not be had. */
    private void giveBack() {
        try {
            for (ServerName name : wanted) {
                supervisor.needs().taken(config.onDisk(name), Long.toString(client.pid()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private FleetResult attach(ServerName name) throws InterruptedException, ExecutionException, Failure {
        ServerName id = config.onDisk(name);
        CallersConfig.Configured found = config.configured(id, options, launches.ports());
        if (found == null) {
            String nearest = Nearest.of(name.value(), config.file().servers().keySet());
            throw new Failure(
                    ExitCodes.FAILED,
                    "no server " + Quote.of(name.value()) + " is in "
                            + Quote.of(config.file().file())
                            + (nearest == null ? "" : ", did you mean " + Quote.of(nearest) + "?"));
        }
        String variable = found.skippedBy();
        if (variable != null) {
            return make.skipped(name, id, variable);
        }
        boolean lazy = onlyIfRunning.contains(name);
        if (!lazy) {
            awaitDependencies(found.spec());
        }
        Launch launch = lazy ? null : launches.configured(id, found, request);
        Client held = Client.process(
                        client, Instant.now(), metadata == null ? found.spec().metadata() : metadata)
                .with(reasons(name));
        Outcome outcome = FleetResults.known(
                id, supervisor.ask(supervisor.server(id), number -> new Event.Use(number, held, launch)));
        return lazy && outcome instanceof Outcome.NoCommand ? make.lazy(name, id) : make.of(name, id, outcome);
    }

    private Reasons reasons(ServerName name) {
        List<ServerSpec> holders = new ArrayList<>();
        for (ServerName one : wanted) {
            ServerSpec spec = config.file().servers().get(one.value());
            if (spec != null && config.skippedBy(spec) == null) {
                holders.add(spec);
            }
        }
        Reasons reasons = Dependencies.reasons(name, holders, config);
        return named.contains(name) ? Reasons.DIRECT.and(reasons) : reasons;
    }

    private void awaitDependencies(ServerSpec spec) throws InterruptedException, ExecutionException, Failure {
        for (String dependency : spec.dependsOn()) {
            if (of(dependency).get().failed()) {
                throw Dependencies.failed(spec.name(), dependency);
            }
        }
    }

    private CompletableFuture<FleetResult> of(String name) {
        return Objects.requireNonNull(results.get(name), "everybody that is wanted has a result");
    }
}
