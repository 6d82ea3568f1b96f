package dev.sharedserver.lsp.hub;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code lsp …} was given. The agent has checked it; an option stands with its value in one word or in two.
 *
 * @param what serve, connect, list, status, restart, attach or detach
 * @param bodyLimit how large a message may be, in bytes
 * @param attach what belongs to the last two, and to servers of others
 * @param command empty if there is none
 */
record Options(
        String what,
        @Nullable String name,
        @Nullable String root,
        String idle,
        List<String> env,
        List<String> maps,
        int bodyLimit,
        boolean json,
        Attach attach,
        List<String> command) {

    /**
     * What is about servers of others.
     *
     * @param target the word behind attach, detach or status; null if there is none
     * @param server the type of the server that is meant
     * @param strategy which one if there are many: prompt, newest or oldest
     * @param via how: inject or gdb
     * @param capabilities a file with what the server has answered to initialize
     * @param fresh whether to initialize it once more
     * @param orServe whether to start one if attaching fails
     * @param pattern what the names of those that are listed must contain, a regular expression
     */
    record Attach(
            @Nullable String target,
            @Nullable String server,
            String strategy,
            String timeout,
            String via,
            @Nullable String capabilities,
            boolean fresh,
            boolean orServe,
            boolean park,
            @Nullable String pattern) {}

    static final String IDLE = "30m";

    /** How large a message may be where nothing else is said, in bytes. */
    static final int BODY_LIMIT = 64 << 20;

    private static final Set<String> FLAGS = Set.of("--json", "--fresh", "--or-serve", "--park", "--even-if-used");

    static Options parse(List<String> argv) {
        // the core's own restart ends here, too, for servers that are ours
        String what = argv.getFirst().equals("restart") ? "restart" : "";
        String name = null;
        String root = null;
        String idle = IDLE;
        boolean json = false;
        String target = null;
        String server = null;
        String strategy = "prompt";
        String timeout = "10s";
        String via = "inject";
        String capabilities = null;
        int bodyLimit = BODY_LIMIT;
        boolean fresh = false;
        boolean orServe = false;
        boolean park = false;
        String pattern = null;
        List<String> env = new ArrayList<>();
        List<String> maps = new ArrayList<>();
        List<String> command = List.of();
        for (int i = 1; i < argv.size(); i++) {
            String word = argv.get(i);
            if (word.equals("--")) {
                command = List.copyOf(argv.subList(i + 1, argv.size()));
                break;
            }
            if (!word.startsWith("--")) {
                target = what.isEmpty() ? target : word;
                what = what.isEmpty() ? word : what;
                continue;
            }
            if (FLAGS.contains(word)) {
                json |= word.equals("--json");
                fresh |= word.equals("--fresh");
                orServe |= word.equals("--or-serve");
                park |= word.equals("--park");
                continue;
            }
            int equals = word.indexOf('=');
            String value = equals < 0 ? i + 1 < argv.size() ? argv.get(++i) : "" : word.substring(equals + 1);
            switch (equals < 0 ? word : word.substring(0, equals)) {
                case "--name" -> name = value;
                case "--root" -> root = value;
                case "--idle" -> idle = value;
                case "--env" -> env.add(value);
                case "--server" -> server = value;
                case "--strategy" -> strategy = value;
                case "--timeout" -> timeout = value;
                case "--pattern" -> pattern = value;
                case "--via" -> via = value;
                case "--capabilities" -> capabilities = value;
                case "--body-limit" -> bodyLimit = mebibytes(value);
                case "--map" -> maps.add(value);
                default -> {
                    // of another build, which knows more
                }
            }
        }
        return new Options(
                what,
                name,
                root,
                idle,
                List.copyOf(env),
                List.copyOf(maps),
                bodyLimit,
                json,
                new Attach(target, server, strategy, timeout, via, capabilities, fresh, orServe, park, pattern),
                command);
    }

    /** Reads {@code 64M}, which the agent has checked. */
    private static int mebibytes(String text) {
        return Integer.parseInt(text.substring(0, text.length() - 1)) << 20;
    }
}
