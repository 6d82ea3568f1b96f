package dev.sharedserver.dev.project;

import com.google.re2j.Pattern;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Quote;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Files by their path, relative to a directory: {@code *} and {@code ?} stay in one name, {@code **} is any number of directories,
 * <code>{a,b}</code> one of several. What has no wildcard is a file, or a directory with all that is below it.
 */
public final class Glob {

    private final Pattern pattern;
    private final List<Step> steps;
    private final Path fixed;
    private final boolean single;

    /** One name of the path; {@code any} is any number of them. */
    private record Step(boolean any, Pattern pattern) {}

    private Glob(Pattern pattern, List<Step> steps, Path fixed, boolean single) {
        this.pattern = pattern;
        this.steps = steps;
        this.fixed = fixed;
        this.single = single;
    }

    /** Reads one. */
    public static Glob of(String text) throws InvalidInput {
        String glob = text.startsWith("./") ? text.substring(2) : text;
        glob = glob.endsWith("/") ? glob.substring(0, glob.length() - 1) : glob;
        if (glob.isEmpty() || glob.startsWith("/") || glob.indexOf('\0') >= 0) {
            throw new InvalidInput(
                    "a glob relative to the project's directory is expected, like \"src/**\", not " + Quote.of(text));
        }
        for (String part : glob.split("/", -1)) {
            if (part.equals("..") || part.equals(".") || part.isEmpty()) {
                throw new InvalidInput(
                        "a glob leads nowhere but down: " + Quote.of(text) + " has '" + part + "' in it");
            }
        }
        int wild = firstWildcard(glob);
        int slash = wild < 0 ? -1 : glob.lastIndexOf('/', wild);
        String fixed = wild < 0 ? glob : glob.substring(0, Math.max(slash, 0));
        String regex = wild < 0 ? Pattern.quote(glob) + "(?:/.*)?" : regex(glob, text);
        List<Step> steps = new ArrayList<>();
        // a brace may have a slash in it: what is behind it is any
        int brace = glob.indexOf('{');
        String plain = brace < 0 || glob.indexOf('/', brace) < 0
                ? glob
                : glob.substring(0, glob.lastIndexOf('/', brace) + 1) + "**";
        for (String part : plain.split("/", -1)) {
            steps.add(new Step(part.equals("**"), Pattern.compile("(?s)" + regex(part, text))));
        }
        return new Glob(Pattern.compile("(?s)" + regex), steps, Path.of(fixed), wild < 0);
    }

    private static int firstWildcard(String glob) {
        for (int i = 0; i < glob.length(); i++) {
            if ("*?{".indexOf(glob.charAt(i)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private static String regex(String glob, String text) throws InvalidInput {
        StringBuilder out = new StringBuilder();
        boolean open = false;
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            if (glob.startsWith("**", i)) {
                boolean whole = (i == 0 || glob.charAt(i - 1) == '/') && !open;
                if (whole && glob.startsWith("/", i + 2)) {
                    out.append("(?:.*/)?");
                    i += 2;
                } else if (whole && i + 2 == glob.length()) {
                    out.append(".*");
                    i++;
                } else {
                    throw new InvalidInput("** stands between slashes, in " + Quote.of(text));
                }
            } else if (c == '*') {
                out.append("[^/]*");
            } else if (c == '?') {
                out.append("[^/]");
            } else if (c == '{' && !open) {
                out.append("(?:");
                open = true;
            } else if (c == '}' && open) {
                out.append(')');
                open = false;
            } else if (c == ',' && open) {
                out.append('|');
            } else if (c == '{') {
                throw new InvalidInput("a brace stands in a brace in " + Quote.of(text));
            } else {
                out.append(Pattern.quote(String.valueOf(c)));
            }
        }
        if (open) {
            throw new InvalidInput("a brace is not closed in " + Quote.of(text));
        }
        return out.toString();
    }

    /** Tells whether a file is meant. */
    public boolean matches(Path relative) {
        return pattern.matches(relative.toString());
    }

    /** Tells whether a file that is meant may lie below a directory. */
    public boolean leadsInto(Path relative) {
        int depth = 0;
        for (Path name : relative) {
            if (depth == steps.size() - 1) {
                // of "src" all is meant; of "*.c" nothing lies in a directory
                return steps.get(depth).any() || single && relative.startsWith(fixed);
            }
            if (steps.get(depth).any()) {
                return true;
            }
            if (!steps.get(depth).pattern().matches(name.toString())) {
                return false;
            }
            depth++;
        }
        return true;
    }

    /** Tells whether the path names that file or directory as it is: what is named is watched, though it be hidden. */
    public boolean names(Path relative) {
        return fixed.startsWith(relative);
    }
}
