package dev.sharedserver.junit;

import dev.sharedserver.client.Lease;
import dev.sharedserver.client.ServerSpec;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** Holds what {@link UseSharedServer} asks for, in the store of the whole test run, and tells parameters of it. */
final class SharedServerExtension implements BeforeAllCallback, BeforeEachCallback, ParameterResolver {

    private static final Namespace HERE = Namespace.create(SharedServerExtension.class);

    /** Two annotations that say the same are equal, and mean one lease. */
    private record Key(@Nullable String binary, @Nullable String stateDirectory, UseSharedServer server) {}

    @Override
    public void beforeAll(ExtensionContext context) throws IOException, InterruptedException {
        holdAllOf(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException, InterruptedException {
        holdAllOf(context);
    }

    private static void holdAllOf(ExtensionContext context) throws IOException, InterruptedException {
        for (UseSharedServer server : declaredAt(context)) {
            hold(server, context);
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.isAnnotated(UseSharedServer.class)
                || parameter.isAnnotated(UseSharedServers.class)
                || (parameter.getParameter().getType() == Lease.class
                        && !inScope(context).isEmpty());
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (type != Lease.class && type != int.class && type != Integer.class && type != URI.class) {
            throw new ParameterResolutionException(
                    "a shared server is given as Lease, int (its port) or URI (its endpoint), not as "
                            + type.getName());
        }
        UseSharedServer server = wanted(parameter, context);
        Lease lease;
        try {
            lease = hold(server, context);
        } catch (IOException e) {
            throw new ParameterResolutionException(String.valueOf(e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ParameterResolutionException("interrupted while waiting for " + server.name(), e);
        }
        if (type == Lease.class) {
            return lease;
        }
        if (type == URI.class) {
            return lease.endpoint()
                    .orElseThrow(() -> new ParameterResolutionException("the endpoint of " + server.name()
                            + " is not known: give it a port, or a probe (ready) by tcp or http"));
        }
        return lease.port()
                .orElseThrow(() -> new ParameterResolutionException(
                        "the port of " + server.name() + " is not known: give it one, such as port = \"auto\""));
    }

    private static UseSharedServer wanted(ParameterContext parameter, ExtensionContext context) {
        List<UseSharedServer> said = parameter.findRepeatableAnnotations(UseSharedServer.class);
        Map<String, UseSharedServer> inScope = inScope(context);
        if (said.isEmpty() && inScope.size() == 1) {
            return inScope.values().iterator().next();
        }
        if (said.size() != 1) {
            throw new ParameterResolutionException(
                    "which server is meant? Write @UseSharedServer(name = \"…\") once before the parameter; here are "
                            + String.join(", ", inScope.keySet()));
        }
        UseSharedServer server = said.get(0);
        return Specs.isReference(server) ? inScope.getOrDefault(server.name(), server) : server;
    }

    /** What is said on the method, the class and the classes around it; the nearest one counts where two have one name. */
    private static Map<String, UseSharedServer> inScope(ExtensionContext context) {
        Map<String, UseSharedServer> servers = new LinkedHashMap<>();
        Optional<ExtensionContext> at = Optional.of(context);
        while (at.isPresent()) {
            declaredAt(at.get()).forEach(server -> servers.putIfAbsent(server.name(), server));
            at = at.get().getParent();
        }
        return servers;
    }

    /** What is said there itself; a class says what its superclasses say, too, as {@code @Inherited} has it. */
    private static List<UseSharedServer> declaredAt(ExtensionContext context) {
        List<UseSharedServer> servers = new ArrayList<>();
        Optional<AnnotatedElement> element = context.getElement();
        element.ifPresent(it -> servers.addAll(AnnotationSupport.findRepeatableAnnotations(it, UseSharedServer.class)));
        return servers;
    }

    private static Lease hold(UseSharedServer server, ExtensionContext context)
            throws IOException, InterruptedException {
        ServerSpec spec = Specs.of(server);
        String binary = context.getConfigurationParameter("sharedserver.bin").orElse(null);
        String directory =
                context.getConfigurationParameter("sharedserver.lockdir").orElse(null);
        HeldServer held = context.getRoot()
                .getStore(HERE)
                .getOrComputeIfAbsent(
                        new Key(binary, directory, server),
                        key -> new HeldServer(server.name(), path(binary), path(directory)),
                        HeldServer.class);
        String needed = context.getTestClass().map(Class::getName).orElse("a test");
        return held.lease(spec.metadata(needed), needed);
    }

    private static @Nullable Path path(@Nullable String name) {
        return name == null || name.isEmpty() ? null : Path.of(name);
    }
}
