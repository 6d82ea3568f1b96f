package dev.sharedserver.core.config;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds what depends on itself. */
final class Cycles {

    private final Map<String, List<String>> dependsOn;
    private final Map<String, Integer> missing = new HashMap<>();
    private final Map<String, List<String>> dependents = new HashMap<>();
    private final Set<String> left;

    private Cycles(Map<String, List<String>> dependsOn) {
        this.dependsOn = dependsOn;
        this.left = new LinkedHashSet<>(dependsOn.keySet());
        for (Map.Entry<String, List<String>> entry : dependsOn.entrySet()) {
            int known = 0;
            for (String dependency : entry.getValue()) {
                if (dependsOn.containsKey(dependency)) {
                    known++;
                    dependents
                            .computeIfAbsent(dependency, d -> new ArrayList<>())
                            .add(entry.getKey());
                }
            }
            missing.put(entry.getKey(), known);
        }
    }

    /**
     * Returns cycles, each from a name along what it depends on, such that nothing else goes round when their members
     * are left out. Takes no longer for a long chain than for a short one.
     */
    static List<List<String>> in(Map<String, List<String>> dependsOn) {
        Cycles cycles = new Cycles(dependsOn);
        for (String name : dependsOn.keySet()) {
            if (Objects.requireNonNull(cycles.missing.get(name), "counted above") == 0) {
                cycles.settle(name);
            }
        }
        List<List<String>> found = new ArrayList<>();
        while (!cycles.left.isEmpty()) {
            List<String> cycle = cycles.one(cycles.left.iterator().next());
            found.add(cycle);
            for (String name : cycle) {
                cycles.settle(name);
            }
        }
        return found;
    }

    /** Takes out a name, and whatever waited for nothing else. */
    private void settle(String first) {
        ArrayDeque<String> ready = new ArrayDeque<>();
        ready.add(first);
        while (!ready.isEmpty()) {
            String name = ready.remove();
            if (left.remove(name)) {
                for (String dependent : dependents.getOrDefault(name, List.of())) {
                    if (missing.merge(dependent, -1, Integer::sum) == 0) {
                        ready.add(dependent);
                    }
                }
            }
        }
    }

    /** Follows what is left from {@code start}: everything that is left waits for something that is left. */
    private List<String> one(String start) {
        List<String> path = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        @Nullable String name = start;
        while (name != null && seen.add(name)) {
            path.add(name);
            name = firstLeft(name);
        }
        return List.copyOf(path.subList(Math.max(0, path.indexOf(name)), path.size()));
    }

    private @Nullable String firstLeft(String name) {
        for (String dependency : dependsOn.getOrDefault(name, List.of())) {
            if (left.contains(dependency)) {
                return dependency;
            }
        }
        return null;
    }
}
