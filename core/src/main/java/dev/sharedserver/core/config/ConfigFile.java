package dev.sharedserver.core.config;

import dev.sharedserver.core.Quote;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A config file that was read. What is wrong with one server does not touch the others.
 *
 * @param file what the file is called in messages
 * @param servers the sound ones, by name, in the order of the file
 * @param errors what makes the file, or the servers that they name, unusable; all that there are, in the order of the
 *     file, but for a syntax error, behind which nothing is read
 * @param warnings what is odd and harmless
 * @param unset variables without value and default, whose places stay as they are
 * @param broken names of the servers that have errors; of very many errors only the first are kept
 */
public record ConfigFile(
        String file,
        Map<String, ServerSpec> servers,
        List<Problem> errors,
        List<Problem> warnings,
        List<Problem> unset,
        Set<String> broken) {

    /** The largest file that is read, in bytes. */
    public static final int MAX_BYTES = 1 << 20;

    /** The keys of the file. */
    static final List<String> KEYS = List.of("$schema", "servers");

    /** Parses a config file, as {@link #parse(String, String, Function)}. */
    public static ConfigFile parse(String file, byte[] bytes, Function<String, @Nullable String> variables) {
        return parse(file, bytes, variables, Map.of());
    }

    /**
     * Parses a config file, as {@link #parse(String, String, Function)}.
     *
     * @param ports stands, by the names of servers, for what the file says of their ports
     */
    public static ConfigFile parse(
            String file, byte[] bytes, Function<String, @Nullable String> variables, Map<String, Port> ports) {
        try {
            return parse(file, Syntax.decode(bytes), variables, ports);
        } catch (Syntax.Wrong e) {
            return new ConfigFile(file, Map.of(), List.of(e.in(file)), List.of(), List.of(), Set.of());
        }
    }

    /**
     * Parses a config file.
     *
     * @param file what the file is called in messages
     * @param variables the environment that is used for expansion; null for what is not set
     */
    public static ConfigFile parse(String file, String text, Function<String, @Nullable String> variables) {
        return parse(file, text, variables, Map.of());
    }

    private static ConfigFile parse(
            String file, String text, Function<String, @Nullable String> variables, Map<String, Port> ports) {
        Findings findings = new Findings(file);
        Map<String, ServerSpec> servers = new LinkedHashMap<>();
        try {
            root(Syntax.parse(text), servers, variables, ports, findings);
        } catch (Syntax.Wrong e) {
            findings.add(e.in(file));
        }
        return new ConfigFile(
                file,
                Collections.unmodifiableMap(servers),
                findings.errors(),
                findings.warnings(),
                findings.unset(),
                findings.broken());
    }

    /** Makes one of a file that cannot be read. */
    public static ConfigFile unreadable(String file, String why) {
        return new ConfigFile(file, Map.of(), List.of(Problem.ofFile(file, why)), List.of(), List.of(), Set.of());
    }

    /** Returns the errors that keep a server from being used: its own, and those of the whole file. */
    public List<Problem> errorsOf(String server) {
        List<Problem> of = new ArrayList<>();
        for (Problem error : errors) {
            if (error.server() == null || error.server().equals(server)) {
                of.add(error);
            }
        }
        if (of.isEmpty() && broken.contains(server)) {
            of.add(errors.get(0));
        }
        return List.copyOf(of);
    }

    private static void root(
            Node node,
            Map<String, ServerSpec> servers,
            Function<String, @Nullable String> variables,
            Map<String, Port> ports,
            Findings findings) {
        if (!(node instanceof Node.Dict root)) {
            findings.error(
                    node, "", null, "the file must hold an object, {\"servers\": {…}}, not " + Findings.kind(node));
            return;
        }
        findings.keys(root, "", null, KEYS);
        Node schema = root.get("$schema");
        if (schema != null && !(schema instanceof Node.Text)) {
            findings.error(schema, "$schema", null, "a string is expected, not " + Findings.kind(schema));
        }
        Node all = root.get("servers");
        if (all == null) {
            findings.error(root, "", null, "\"servers\" is missing: {\"servers\": {\"NAME\": {\"command\": …}}}");
        } else if (all instanceof Node.Dict dict) {
            findings.duplicates(dict, "servers", null);
            Map<String, SpecReader> readers = new LinkedHashMap<>();
            Expansion.Budget budget = new Expansion.Budget();
            for (Node.Member member : dict.members()) {
                if (!readers.containsKey(member.key())) {
                    Port port = ports.get(member.key());
                    readers.put(member.key(), new SpecReader(member, variables, port, budget, findings));
                }
            }
            servers(readers, servers, findings);
        } else {
            findings.error(all, "servers", null, "an object is expected, not " + Findings.kind(all));
        }
    }

    private static void servers(Map<String, SpecReader> readers, Map<String, ServerSpec> servers, Findings findings) {
        Map<String, ServerSpec> read = new LinkedHashMap<>();
        Map<String, List<String>> dependsOn = new LinkedHashMap<>();
        for (Map.Entry<String, SpecReader> entry : readers.entrySet()) {
            ServerSpec spec = entry.getValue().read();
            if (spec != null) {
                read.put(entry.getKey(), spec);
            }
            List<String> names = new ArrayList<>();
            for (Node.Text dependency : entry.getValue().dependencies()) {
                if (readers.containsKey(dependency.value())) {
                    names.add(dependency.value());
                } else {
                    findings.error(
                            dependency,
                            Node.path("servers", entry.getKey()) + ".dependsOn",
                            entry.getKey(),
                            "no server " + Quote.of(dependency.value()) + " is in this file"
                                    + findings.meant(dependency.value(), readers.keySet(), ""));
                }
            }
            dependsOn.put(entry.getKey(), names);
        }
        for (List<String> cycle : Cycles.in(dependsOn)) {
            report(cycle, readers, findings);
        }
        read.keySet().removeAll(findings.broken());
        servers.putAll(read);
    }

    private static void report(List<String> cycle, Map<String, SpecReader> readers, Findings findings) {
        for (int i = 0; i < cycle.size(); i++) {
            String name = cycle.get(i);
            String next = cycle.get((i + 1) % cycle.size());
            SpecReader reader = Objects.requireNonNull(readers.get(name), "cycles are made of servers");
            for (Node.Text dependency : reader.dependencies()) {
                if (dependency.value().equals(next)) {
                    findings.error(
                            dependency,
                            Node.path("servers", name) + ".dependsOn",
                            name,
                            "the servers depend on each other in a circle: " + round(cycle, i)
                                    + "; take one of these out");
                    break;
                }
            }
        }
    }

    private static String round(List<String> cycle, int start) {
        StringBuilder out = new StringBuilder();
        int shown = Math.min(cycle.size(), 10);
        for (int i = 0; i < shown; i++) {
            out.append(Quote.escape(cycle.get((start + i) % cycle.size()))).append(" → ");
        }
        return out.append(shown < cycle.size() ? "… → " : "")
                .append(Quote.escape(cycle.get(start)))
                .toString();
    }
}
