package dev.sharedserver.lsp.interpose;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What language server a command line starts. The name of the process does not say it: that of a script is {@code node} or
 * {@code python3}, that of clangd {@code clangd.main}.
 *
 * @param name as people call it
 * @param node whether it runs on Node
 */
record ServerType(String name, boolean node) {

    /** Programs that run another one, which their first argument that is no option names. */
    private static final Set<String> INTERPRETERS =
            Set.of("node", "nodejs", "bun", "deno", "python", "pypy", "ruby", "perl", "dotnet");

    /** Servers whose names do not say it. */
    private static final Set<String> NAMES = Set.of(
            "ccls",
            "clangd",
            "gopls",
            "jdtls",
            "metals",
            "nil",
            "nixd",
            "pylsp",
            "pyright",
            "regols",
            "ruff",
            "solargraph",
            "sorbet",
            "sourcekit-lsp",
            "taplo",
            "texlab",
            "tinymist",
            "vtsls",
            "zls",
            "rust-analyzer",
            "pyls");

    /** Programs that have another life, which their arguments end: by name, the argument that makes them a server. */
    private static boolean serves(String name, List<String> arguments) {
        return switch (name) {
            case "ruff" -> arguments.contains("server");
            case "taplo" -> arguments.contains("lsp");
            case "solargraph" -> arguments.contains("stdio");
            case "sorbet" -> arguments.contains("--lsp");
            case "pyright" -> false; // the command line tool: the server is pyright-langserver
            default -> true;
        };
    }

    /** Returns what it is; null for something that is no language server known by its name. */
    static @Nullable ServerType of(List<String> argv) {
        if (argv.isEmpty()) {
            return null;
        }
        String program = name(argv.getFirst());
        if (!interpreter(program)) {
            return named(program, argv.subList(1, argv.size()), false);
        }
        boolean node = Set.of("node", "nodejs", "bun", "deno").contains(program);
        for (int i = 1; i < argv.size(); i++) {
            String word = argv.get(i);
            if (word.equals("-m") && i + 1 < argv.size()) {
                return named(argv.get(i + 1), argv.subList(i + 2, argv.size()), node);
            }
            if (!word.startsWith("-")) {
                return script(word, argv.subList(i + 1, argv.size()), node);
            }
        }
        return null;
    }

    private static boolean interpreter(String program) {
        int end = program.length();
        while (end > 0 && (Character.isDigit(program.charAt(end - 1)) || program.charAt(end - 1) == '.')) {
            end--;
        }
        return INTERPRETERS.contains(program.substring(0, end));
    }

    /** The script may be a link's target: {@code …/bash-language-server/out/cli.js}. */
    private static @Nullable ServerType script(String path, List<String> arguments, boolean node) {
        String[] parts = path.split("/", -1);
        for (int i = parts.length - 1; i >= 0; i--) {
            ServerType type = named(bare(parts[i]), arguments, node);
            if (type != null) {
                return type;
            }
        }
        return null;
    }

    private static @Nullable ServerType named(String name, List<String> arguments, boolean node) {
        String bare = name.endsWith(".main") ? name.substring(0, name.length() - 5) : name;
        // clangd-14
        int dash = bare.lastIndexOf('-');
        String plain =
                dash > 0 && bare.substring(dash + 1).chars().allMatch(Character::isDigit) && dash + 1 < bare.length()
                        ? bare.substring(0, dash)
                        : bare;
        boolean says = plain.contains("language-server")
                || plain.contains("langserver")
                || plain.contains("languageserver")
                || plain.contains("language_server")
                || plain.endsWith("-lsp")
                || plain.endsWith("_lsp")
                || plain.endsWith("-ls")
                || plain.endsWith("_ls");
        return (says || NAMES.contains(plain)) && serves(plain, arguments) ? new ServerType(plain, node) : null;
    }

    private static String name(String path) {
        return bare(path.substring(path.lastIndexOf('/') + 1));
    }

    private static String bare(String file) {
        for (String end : List.of(".js", ".mjs", ".cjs", ".py", ".exe", ".dll")) {
            if (file.endsWith(end)) {
                return file.substring(0, file.length() - end.length());
            }
        }
        return file;
    }
}
