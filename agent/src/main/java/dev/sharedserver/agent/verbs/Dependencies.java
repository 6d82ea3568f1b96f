package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.ConfigFile;
import dev.sharedserver.core.config.ServerSpec;
import dev.sharedserver.core.lifecycle.Reasons;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;

/** The order among servers of a config that depend on each other. */
final class Dependencies {

    private Dependencies() {}

    /**
     * Returns servers and all that they depend on, each behind what it depends on itself. Without recursion, since chains may
     * be long.
     *
     * @param followed whose dependencies count
     */
    static SequencedMap<ServerName, ServerSpec> inOrder(
            Collection<ServerSpec> servers, ConfigFile file, Predicate<ServerSpec> followed) {
        SequencedMap<ServerName, ServerSpec> order = new LinkedHashMap<>();
        Set<ServerName> entered = new HashSet<>();
        ArrayDeque<ServerSpec> stack = new ArrayDeque<>();
        for (ServerSpec server : servers) {
            stack.push(server);
            while (!stack.isEmpty()) {
                ServerSpec spec = stack.element();
                boolean pushed = false;
                if (entered.add(spec.name()) && followed.test(spec)) {
                    // the first one named comes to lie on top
                    for (String dependency : spec.dependsOn().reversed()) {
                        ServerSpec next = file.servers().get(dependency);
                        if (next != null && !entered.contains(next.name())) {
                            stack.push(next);
                            pushed = true;
                        }
                    }
                }
                if (!pushed) {
                    order.putIfAbsent(spec.name(), spec);
                    stack.pop();
                }
            }
        }
        return order;
    }

    /** Returns for the sake of which of those servers a client holds another one. */
    static Reasons reasons(ServerName name, Collection<ServerSpec> holders, CallersConfig config) {
        List<String> dependents = new ArrayList<>();
        for (ServerSpec holder : holders) {
            if (holder.dependsOn().contains(name.value())) {
                dependents.add(config.onDisk(holder.name()).value());
            }
        }
        return Reasons.neededBy(dependents);
    }

    /** Says that a server is not started, since one that it depends on has failed. */
    static Failure failed(ServerName name, String dependency) {
        return new Failure(
                ExitCodes.FAILED,
                "server " + Quote.escape(name.value()) + " is not started, since " + Quote.escape(dependency)
                        + " failed, which it depends on");
    }
}
