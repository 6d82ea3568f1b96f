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

    private static final Set<String> NODE = Set.of("node", "nodejs", "bun", "deno");

    /** Options of interpreters whose value is a word of its own. */
    private static final Set<String> WITH_VALUE = Set.of("-r", "--require", "--import", "--loader", "-W", "-X", "-I");

    /** How far above a script the folder of its package may be. */
    private static final int PARENTS = 3;

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

    /** Says of a program that has other lives, too, whether these arguments make it a server. */
    private static boolean serves(String name, List<String> arguments) {
        String first = arguments.stream()
                .filter(word -> !word.startsWith("-"))
                .findFirst()
                .orElse("");
        return switch (name) {
            case "ruff" -> first.equals("server");
            case "taplo" -> first.equals("lsp");
            case "tinymist" -> first.isEmpty() || first.equals("lsp");
            case "gopls" -> first.isEmpty() || first.equals("serve");
            case "rust-analyzer" -> first.isEmpty() || first.equals("lsp-server");
            case "solargraph" -> first.equals("stdio");
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
        if (program.equals("java")) {
            return java(argv);
        }
        if (!interpreter(program)) {
            return named(program, argv.subList(1, argv.size()), false);
        }
        boolean node = NODE.contains(program);
        for (int i = 1; i < argv.size(); i++) {
            String word = argv.get(i);
            if (word.equals("-m") && i + 1 < argv.size()) {
                return named(argv.get(i + 1), argv.subList(i + 2, argv.size()), node);
            }
            if (WITH_VALUE.contains(word)) {
                i++; // the next word belongs to it
            } else if (word.equals("-c") || word.equals("-e")) {
                return null; // the program stands in the command line
            } else if (!word.startsWith("-")) {
                return script(word, argv.subList(i + 1, argv.size()), node);
            }
        }
        return null;
    }

    private static @Nullable ServerType java(List<String> argv) {
        for (String word : argv) {
            if (word.contains("org.eclipse.jdt.ls")) {
                return new ServerType("jdtls", false);
            }
            if (word.equals("scala.meta.metals.Main")) {
                return new ServerType("metals", false);
            }
            if (word.equals("org.javacs.kt.MainKt")) {
                return new ServerType("kotlin-language-server", false);
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

    /**
     * Takes a script's own name, or else that of the package that it is in: {@code …/bash-language-server/out/cli.js}. A package
     * inside that one is another: {@code …/typescript-language-server/node_modules/typescript/lib/tsserver.js} is no server.
     */
    private static @Nullable ServerType script(String path, List<String> arguments, boolean node) {
        String[] parts = path.split("/", -1);
        int last = parts.length - 1;
        for (int i = last; i >= Math.max(0, last - PARENTS); i--) {
            if (parts[i].equals("node_modules")) {
                return null;
            }
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
