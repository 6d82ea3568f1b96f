package dev.sharedserver.core.config;

import dev.sharedserver.core.Nearest;
import dev.sharedserver.core.Quote;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects what is found wrong or odd while one file is read. */
public final class Findings {

    private static final Comparator<Problem> BY_PLACE =
            Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column);

    /** So many of each kind are kept: a file can have one in every second byte. */
    private static final int MOST = 500;

    /** So often the nearest word is looked for. */
    private static final int MOST_GUESSES = 50;

    private final String file;
    private final Set<String> broken = new HashSet<>();
    private int guesses;
    private final List<Problem> errors = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();
    private final List<Problem> unset = new ArrayList<>();

    /** Begins with nothing; {@code file} is what it is called in messages. */
    public Findings(String file) {
        this.file = file;
    }

    /** Adds an error. */
    public void add(Problem error) {
        if (error.server() != null) {
            broken.add(error.server());
        }
        keep(errors, error);
    }

    private static void keep(List<Problem> problems, Problem problem) {
        if (problems.size() < MOST) {
            problems.add(problem);
        }
    }

    /** Returns the servers that have errors. */
    Set<String> broken() {
        return Set.copyOf(broken);
    }

    /** Returns what may have been meant, in words that go behind a message. */
    public String meant(String word, Collection<String> known, String otherwise) {
        guesses++;
        String nearest = guesses > MOST_GUESSES ? null : Nearest.of(word, known);
        return nearest == null ? otherwise : ", did you mean " + Quote.of(nearest) + "?";
    }

    /** Adds an error at a value. */
    public void error(Node at, String path, @Nullable String server, String text) {
        add(new Problem(file, at.line(), at.column(), path, server, text));
    }

    /** Adds an error at a key. */
    public void error(Node.Member at, String path, @Nullable String server, String text) {
        add(new Problem(file, at.line(), at.column(), path, server, text));
    }

    void warning(Node at, String path, @Nullable String server, String text) {
        keep(warnings, new Problem(file, at.line(), at.column(), path, server, text));
    }

    void unset(Node at, String path, @Nullable String server, String variable) {
        keep(
                unset,
                new Problem(
                        file,
                        at.line(),
                        at.column(),
                        path,
                        server,
                        "variable " + Quote.escape(variable) + " is not set: set it, or give a default by ${"
                                + Quote.escape(variable) + ":-DEFAULT}"));
    }

    /** Reports keys that stand twice, and keys that are none of {@code known}. */
    void keys(Node.Dict dict, String path, @Nullable String server, List<String> known) {
        duplicates(dict, path, server);
        for (Node.Member member : dict.members()) {
            if (!known.contains(member.key())) {
                String where = Node.path(path, member.key());
                String text = "unknown key " + Quote.of(member.key()) + " is ignored"
                        + meant(member.key(), known, ": known are " + String.join(", ", known));
                keep(warnings, new Problem(file, member.line(), member.column(), where, server, text));
            }
        }
    }

    /** Reports keys that stand twice. */
    public void duplicates(Node.Dict dict, String path, @Nullable String server) {
        Map<String, Node.Member> seen = new HashMap<>();
        for (Node.Member member : dict.members()) {
            Node.Member first = seen.putIfAbsent(member.key(), member);
            if (first != null) {
                error(
                        member,
                        Node.path(path, member.key()),
                        path.equals("servers") ? member.key() : server,
                        "key " + Quote.of(member.key()) + " stands here a second time, the first is in line "
                                + first.line() + ": remove one of them");
            }
        }
    }

    /** Returns the errors in the order of the file. */
    public List<Problem> errors() {
        return sorted(errors);
    }

    List<Problem> warnings() {
        return sorted(warnings);
    }

    List<Problem> unset() {
        return sorted(unset);
    }

    private static List<Problem> sorted(List<Problem> problems) {
        List<Problem> sorted = new ArrayList<>(problems);
        sorted.sort(BY_PLACE);
        return List.copyOf(sorted);
    }

    /** Describes a value of the wrong type. */
    public static String kind(Node node) {
        return switch (node) {
            case Node.Dict d -> "an object";
            case Node.Items i -> "an array";
            case Node.Text t -> "the string " + Quote.of(t.value());
            case Node.Numeral n -> "the number " + Quote.escape(n.text());
            case Node.Bool b -> b.value() ? "true" : "false";
            case Node.Nothing n -> "null";
        };
    }
}
