package dev.sharedserver.core.config;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Expands {@code ${VAR}}, {@code ${VAR:-default}}, {@code $$} and a leading {@code ~/}. What a variable holds is put in
 * as it is and never expanded again.
 */
public final class Expansion {

    private static final int MAX_DEPTH = 8;

    /** After so many of them in one text the rest is taken as it is: each costs a look at all that follows. */
    private static final int MAX_MALFORMED = 8;

    private final Function<String, @Nullable String> variables;
    private final Budget budget;

    /** Takes what variables hold, null for one that is not set, and how much they may become. */
    public Expansion(Function<String, @Nullable String> variables, Budget budget) {
        this.variables = variables;
        this.budget = budget;
    }

    /** How much text the variables of one file may become: a short file can name a long variable many times. */
    public static final class Budget {

        /** More than Linux passes on to any program, in characters. */
        private int left = 4 << 20;

        private boolean take(int length) {
            left = Math.max(-1, left - length);
            return left >= 0;
        }
    }

    /**
     * A text after expansion.
     *
     * @param unset names of variables that have neither value nor default: their places stay as they were
     * @param malformed what begins like a variable and is none, and stays as it was
     * @param tooLong whether it is cut, since the budget is spent
     */
    public record Expanded(String text, List<String> unset, List<String> malformed, boolean tooLong) {}

    /** Returns the expanded text. */
    public Expanded expand(String text) {
        Run run = new Run();
        int start = 0;
        if (text.startsWith("~/")) {
            String home = variables.apply("HOME");
            if (home == null || home.isEmpty()) {
                run.unset.add("HOME");
            } else {
                run.put(home);
                start = 1;
            }
        }
        run.expand(text, start, text.length(), 0);
        return new Expanded(run.out.toString(), List.copyOf(run.unset), List.copyOf(run.malformed), run.tooLong);
    }

    private final class Run {

        private final StringBuilder out = new StringBuilder();
        private final List<String> unset = new ArrayList<>();
        private final List<String> malformed = new ArrayList<>();
        private boolean tooLong;

        private void put(String value) {
            if (budget.take(value.length())) {
                out.append(value);
            } else {
                tooLong = true;
            }
        }

        void expand(String text, int start, int end, int depth) {
            int at = start;
            while (at < end) {
                char c = text.charAt(at);
                char next = at + 1 < end ? text.charAt(at + 1) : ' ';
                if (c == '$' && next == '$') {
                    out.append('$');
                    at += 2;
                } else if (c == '$' && next == '{' && malformed.size() < MAX_MALFORMED) {
                    at = variable(text, at, end, depth);
                } else {
                    out.append(c);
                    at++;
                }
            }
        }

        /** Expands the variable that begins at {@code start}; returns the place behind it. */
        private int variable(String text, int start, int end, int depth) {
            int nameEnd = start + 2;
            while (nameEnd < end && isNamePart(text.charAt(nameEnd), nameEnd == start + 2)) {
                nameEnd++;
            }
            boolean plain = nameEnd < end && text.charAt(nameEnd) == '}';
            boolean hasDefault = text.startsWith(":-", nameEnd) && nameEnd + 2 <= end;
            int close = plain ? nameEnd : hasDefault ? closing(text, nameEnd + 2, end) : -1;
            if (nameEnd == start + 2 || close < 0 || depth == MAX_DEPTH) {
                malformed.add(text.substring(start, Math.min(end, start + 40)));
                out.append("${");
                return start + 2;
            }
            String name = text.substring(start + 2, nameEnd);
            String value = variables.apply(name);
            if (hasDefault && (value == null || value.isEmpty())) {
                expand(text, nameEnd + 2, close, depth + 1);
            } else if (value == null) {
                unset.add(name);
                out.append(text, start, close + 1);
            } else {
                put(value);
            }
            return close + 1;
        }

        private static boolean isNamePart(char c, boolean first) {
            return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || !first && c >= '0' && c <= '9';
        }

        /** Returns the place of the brace that closes a default, in which variables may stand; -1 if none does. */
        private static int closing(String text, int start, int end) {
            int open = 1;
            for (int at = start; at < end; at++) {
                char c = text.charAt(at);
                if (c == '$' && at + 1 < end && (text.charAt(at + 1) == '$' || text.charAt(at + 1) == '{')) {
                    open += text.charAt(at + 1) == '{' ? 1 : 0;
                    at++;
                } else if (c == '}') {
                    open--;
                    if (open == 0) {
                        return at;
                    }
                }
            }
            return -1;
        }
    }
}
