package dev.sharedserver.core.lifecycle;

/** How a process ended, as {@code waitid(2)} tells it. */
public sealed interface ExitStatus {

    /** Returns the word that stands for it in event logs. */
    default String word() {
        return switch (this) {
            case Exited e -> "exited";
            case Killed k -> "killed";
            case Unknown u -> "ended";
        };
    }

    /** It called exit with {@code code}. */
    record Exited(int code) implements ExitStatus {
        @Override
        public String toString() {
            return "exited with code " + code;
        }
    }

    /** The signal of that number ended it. */
    record Killed(int signal, boolean coreDumped) implements ExitStatus {
        @Override
        public String toString() {
            return "killed by signal " + signal + (coreDumped ? " (core dumped)" : "");
        }
    }

    /** It was nobody's child here, and the kernel does not tell. */
    record Unknown() implements ExitStatus {
        @Override
        public String toString() {
            return "ended, exit status unknown";
        }
    }
}
