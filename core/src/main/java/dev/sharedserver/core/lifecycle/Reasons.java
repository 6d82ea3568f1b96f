package dev.sharedserver.core.lifecycle;

import java.util.List;
import java.util.TreeSet;

/**
 * Why a client holds a server. One reference may have several reasons, and ends with the last of them.
 *
 * @param direct whether it was asked for by name
 * @param dependents names on disk of the servers that the client holds, too, and that need this one; in order
 */
public record Reasons(boolean direct, List<String> dependents) {

    /** That it was asked for by name, and nothing else. */
    public static final Reasons DIRECT = new Reasons(true, List.of());

    /** Those of a client that needs it for other servers. */
    public static Reasons neededBy(List<String> dependents) {
        return new Reasons(false, List.copyOf(new TreeSet<>(dependents)));
    }

    /** Tells whether that is no reason at all. */
    public boolean isNone() {
        return !direct && dependents.isEmpty();
    }

    /** Returns these and others. */
    public Reasons and(Reasons others) {
        if (others.dependents.isEmpty()) {
            return others.direct && !direct ? new Reasons(true, dependents) : this;
        }
        TreeSet<String> all = new TreeSet<>(dependents);
        all.addAll(others.dependents);
        return new Reasons(direct || others.direct, List.copyOf(all));
    }

    Reasons without(String dependent) {
        return new Reasons(
                direct,
                dependents.stream().filter(one -> !one.equals(dependent)).toList());
    }

    Reasons withoutDirect() {
        return new Reasons(false, dependents);
    }
}
