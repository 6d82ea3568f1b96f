package dev.sharedserver.dev.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the modules of a Go workspace (go.dev/ref/mod, "go.work files"). */
public final class GoWork {

    /** The file's name. */
    public static final String FILE = "go.work";

    private GoWork() {}

    /** Returns the go.work that Go uses in a directory: there or in the nearest directory above it; null if there is none. */
    public static @Nullable Path find(Path directory) {
        for (Path at = directory.toAbsolutePath().normalize(); at != null; at = at.getParent()) {
            if (Files.isRegularFile(at.resolve(FILE))) {
                return at.resolve(FILE);
            }
        }
        return null;
    }

    /** Returns the directories that a go.work uses; none if it cannot be read, which Go will say. */
    public static List<Path> modules(Path file) {
        Path directory = file.toAbsolutePath().normalize().getParent();
        try {
            return directory == null ? List.of() : parse(Files.readString(file), directory);
        } catch (IOException e) {
            return List.of();
        }
    }

    static List<Path> parse(String text, Path directory) {
        List<Path> modules = new ArrayList<>();
        boolean block = false;
        for (String line : text.split("\n", -1)) {
            List<String> words = words(line);
            if (words.isEmpty()) {
                continue;
            }
            String first = words.getFirst();
            if (block) {
                block = !first.equals(")");
                if (block) {
                    add(modules, first, directory);
                }
            } else if (first.equals("use") && words.size() > 1) {
                block = words.get(1).equals("(");
                if (!block) {
                    add(modules, words.get(1), directory);
                }
            }
        }
        return modules;
    }

    private static void add(List<Path> modules, String word, Path directory) {
        try {
            Path module = directory.resolve(word).normalize();
            if (!modules.contains(module)) {
                modules.add(module);
            }
        } catch (InvalidPathException e) {
            // no path: Go complains of it
        }
    }

    /** Splits a line: words, strings in quotes or backquotes, parentheses; a comment ends it. */
    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        int at = 0;
        while (at < line.length()) {
            char c = line.charAt(at);
            if (c <= ' ') {
                at++;
            } else if (line.startsWith("//", at)) {
                break;
            } else if (c == '"' || c == '`') {
                StringBuilder word = new StringBuilder();
                at++;
                while (at < line.length() && line.charAt(at) != c) {
                    if (c == '"' && line.charAt(at) == '\\' && at + 1 < line.length()) {
                        at++;
                    }
                    word.append(line.charAt(at++));
                }
                at++;
                words.add(word.toString());
            } else if (c == '(' || c == ')') {
                words.add(String.valueOf(c));
                at++;
            } else {
                int start = at;
                // a comment needs no space before it, but a path has single slashes
                while (at < line.length()
                        && line.charAt(at) > ' '
                        && "()".indexOf(line.charAt(at)) < 0
                        && !line.startsWith("//", at)) {
                    at++;
                }
                words.add(line.substring(start, at));
            }
        }
        return words;
    }
}
