package dev.sharedserver.dev.build;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.BuildError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A regular expression of a project's own, with the named groups {@code message} and, if the tool says it, {@code file}, {@code line} and
 * {@code column}: {@code (?P<file>\S+):(?P<line>\d+): (?P<message>.*)}. Its time is linear in the line, whatever it is.
 */
public final class LinePattern implements ErrorParser {

    /** The groups that it can have. */
    private static final Set<String> GROUPS = Set.of("file", "line", "column", "message");

    private final Pattern pattern;

    private LinePattern(Pattern pattern) {
        this.pattern = pattern;
    }

    /** Reads one. */
    public static LinePattern of(String regex) throws InvalidInput {
        Pattern pattern;
        try {
            pattern = Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new InvalidInput("invalid regular expression " + Quote.of(regex) + ": " + e.getDescription()
                    + " (RE2 syntax: no look-around and no back references)");
        }
        if (!pattern.namedGroups().containsKey("message")) {
            throw new InvalidInput("the regular expression " + Quote.of(regex)
                    + " has no group named message: (?P<message>.*) is one");
        }
        for (String group : pattern.namedGroups().keySet()) {
            if (!GROUPS.contains(group)) {
                throw new InvalidInput("the group " + Quote.of(group) + " means nothing: known are file, line, column"
                        + " and message");
            }
        }
        return new LinePattern(pattern);
    }

    /** Returns the regular expression. */
    public String regex() {
        return pattern.pattern();
    }

    @Override
    public String text() {
        return "regex";
    }

    @Override
    public Reader reader(Path directory) {
        List<BuildError> errors = new ArrayList<>();
        return new Reader() {
            @Override
            public boolean line(String line) {
                Matcher matcher = pattern.matcher(line);
                if (!matcher.find()) {
                    return false;
                }
                errors.add(ErrorParser.error(
                        LinePattern.this,
                        directory,
                        group(matcher, "file"),
                        ErrorParser.number(group(matcher, "line")),
                        ErrorParser.number(group(matcher, "column")),
                        group(matcher, "message")));
                return true;
            }

            @Override
            public List<BuildError> errors() {
                return List.copyOf(errors);
            }
        };
    }

    private String group(Matcher matcher, String name) {
        String value = pattern.namedGroups().containsKey(name) ? matcher.group(name) : null;
        return value == null ? "" : value;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LinePattern that && that.regex().equals(regex());
    }

    @Override
    public int hashCode() {
        return regex().hashCode();
    }

    @Override
    public String toString() {
        return regex();
    }
}
