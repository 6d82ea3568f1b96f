package dev.sharedserver.core.lifecycle;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Delta debugging: finds a part of a failing sequence that fails too and of which nothing can be left out. (Zeller and
 * Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28, 2002; only its complements, which is
 * enough for a minimum of one.)
 */
final class Shrinker {

    private Shrinker() {}

    /** Returns the smallest part that it finds for which {@code fails} holds; it holds for {@code sequence}. */
    static <T> List<T> shrink(List<T> sequence, Predicate<List<T>> fails) {
        List<T> smallest = List.copyOf(sequence);
        int chunk = Math.max(1, smallest.size() / 2);
        while (true) {
            boolean smaller = false;
            for (int from = 0; from < smallest.size(); ) {
                List<T> without = without(smallest, from, Math.min(smallest.size(), from + chunk));
                if (fails.test(without)) {
                    smallest = without;
                    smaller = true;
                } else {
                    from += chunk;
                }
            }
            if (chunk == 1 && !smaller) {
                return smallest;
            }
            chunk = smaller ? Math.min(chunk, Math.max(1, smallest.size())) : Math.max(1, chunk / 2);
        }
    }

    private static <T> List<T> without(List<T> all, int from, int to) {
        List<T> rest = new ArrayList<>(all.subList(0, from));
        rest.addAll(all.subList(to, all.size()));
        return List.copyOf(rest);
    }
}
