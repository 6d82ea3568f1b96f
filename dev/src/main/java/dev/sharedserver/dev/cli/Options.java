package dev.sharedserver.dev.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code dev …} was given. The agent has checked it; an option stands with its value in one word or in two.
 *
 * @param target a directory or an id, null for none
 */
record Options(String what, @Nullable String target, Map<String, String> values) {

    private static final Set<String> FLAGS = Set.of("--json", "--detach", "-f", "--stdio", "--all");

    static Options parse(List<String> argv) {
        String what = "";
        String target = null;
        Map<String, String> values = new HashMap<>();
        for (int i = 1; i < argv.size(); i++) {
            String word = argv.get(i);
            int equals = word.startsWith("--") ? word.indexOf('=') : -1;
            if (!word.startsWith("-") || word.equals("-")) {
                target = what.isEmpty() ? target : word;
                what = what.isEmpty() ? word : what;
            } else if (FLAGS.contains(word)) {
                values.put(word, "");
            } else if (equals > 0) {
                values.put(word.substring(0, equals), word.substring(equals + 1));
            } else {
                i++;
                values.put(word, i < argv.size() ? argv.get(i) : "");
            }
        }
        return new Options(what, target, Map.copyOf(values));
    }

    boolean has(String flag) {
        return values.containsKey(flag);
    }

    boolean json() {
        return has("--json");
    }

    @Nullable
    String value(String flag) {
        return values.get(flag);
    }
}
