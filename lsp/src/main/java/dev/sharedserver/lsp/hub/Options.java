package dev.sharedserver.lsp.hub;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code lsp …} was given. The agent has checked it; an option stands with its value in one word or in two.
 *
 * @param what serve, connect, list or status
 * @param command empty if there is none
 */
record Options(
        String what,
        @Nullable String name,
        @Nullable String root,
        String idle,
        List<String> env,
        boolean json,
        List<String> command) {

    static final String IDLE = "30m";

    static Options parse(List<String> argv) {
        String what = "";
        String name = null;
        String root = null;
        String idle = IDLE;
        boolean json = false;
        List<String> env = new ArrayList<>();
        List<String> command = List.of();
        for (int i = 1; i < argv.size(); i++) {
            String word = argv.get(i);
            if (word.equals("--")) {
                command = List.copyOf(argv.subList(i + 1, argv.size()));
                break;
            }
            if (!word.startsWith("--")) {
                what = word;
                continue;
            }
            if (word.equals("--json")) {
                json = true;
                continue;
            }
            int equals = word.indexOf('=');
            String value = equals < 0 ? i + 1 < argv.size() ? argv.get(++i) : "" : word.substring(equals + 1);
            switch (equals < 0 ? word : word.substring(0, equals)) {
                case "--name" -> name = value;
                case "--root" -> root = value;
                case "--idle" -> idle = value;
                case "--env" -> env.add(value);
                default -> {
                    // of another build, which knows more
                }
            }
        }
        return new Options(what, name, root, idle, List.copyOf(env), json, command);
    }
}
