package dev.sharedserver.core.lifecycle;

import java.util.function.Supplier;

/** A rule does not hold. */
final class Broken extends AssertionError {

    private static final long serialVersionUID = 1L;

    Broken(Rule rule, String what) {
        super(rule + ": " + what);
    }

    /** Fails unless the rule holds. */
    static void unless(boolean holds, Rule rule, Supplier<String> what) {
        if (!holds) {
            throw new Broken(rule, what.get());
        }
    }
}
