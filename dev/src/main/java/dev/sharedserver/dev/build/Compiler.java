package dev.sharedserver.dev.build;

import dev.sharedserver.dev.BuildError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The form of a compiler's complaints. Warnings and notes are none. */
public enum Compiler implements ErrorParser {
    /** {@code pkg/a.go:3:2: undefined: x}, more in lines that begin with a tab; the column may be missing. */
    GO("^(?:vet: )?(?<file>[^\\s:][^:]*):(?<line>\\d+):(?:(?<column>\\d+):)? (?<message>.*)$"),
    /** {@code A.java:3: error: …} of javac, {@code [ERROR] /p/A.java:[3,2] …} of Maven. */
    JAVAC("^(?:(?<file>[^\\s\\[][^:]*\\.java):(?<line>\\d+): error: (?<message>.*)|\\[ERROR\\]"
            + " (?<file2>/[^:]*\\.java):\\[(?<line2>\\d+),(?<column2>\\d+)\\] (?:error: )?(?<message2>.*))$"),
    /** {@code a.ts(3,2): error TS2304: …}, or with colons where tsc makes it pretty. */
    TSC("^(?:(?<file>[^\\s(][^(]*)\\((?<line>\\d+),(?<column>\\d+)\\): error (?<message>.*)"
            + "|(?<file2>[^\\s:][^:]*):(?<line2>\\d+):(?<column2>\\d+) - error (?<message2>.*))$"),
    /** {@code error[E0308]: …}, and in a later line {@code --> src/a.rs:3:2}. */
    RUSTC("^\\s*--> (?<file>[^:]+):(?<line>\\d+):(?<column>\\d+)(?<message>)$"),
    /** {@code a.c:3:2: error: …}, of gcc and clang. */
    GCC("^(?<file>[^\\s:][^:]*):(?<line>\\d+):(?:(?<column>\\d+):)? (?:fatal )?error: (?<message>.*)$"),
    /** A traceback: {@code File "a.py", line 3}, and at its end {@code SyntaxError: …}. */
    PYTHON("^ *File \"(?<file>[^\"]+)\", line (?<line>\\d+).*$");

    private static final Pattern PYTHON_ERROR =
            Pattern.compile("^(?:Sorry: )?(?<message>[A-Z][A-Za-z]*(?:Error|Exception|Warning)(?:: .*)?)$");
    private static final Pattern RUST_ERROR = Pattern.compile("^error(?:\\[E\\d+\\])?: (.*)$");

    private final Pattern pattern;

    Compiler(String pattern) {
        this.pattern = Pattern.compile(pattern);
    }

    @Override
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public ErrorParser.Reader reader(Path directory) {
        return this == PYTHON ? new PythonErrors(directory) : new Lines(directory);
    }

    private final class Lines implements ErrorParser.Reader {
        private final Path directory;
        private final List<BuildError> errors = new ArrayList<>();
        private @Nullable String announced;

        private Lines(Path directory) {
            this.directory = directory;
        }

        @Override
        public boolean line(String line) {
            if (Compiler.this == GO && line.startsWith("\t") && !errors.isEmpty()) {
                BuildError last = errors.removeLast();
                errors.add(new BuildError(
                        last.file(), last.line(), last.column(), last.message() + "\n" + line.strip(), last.extra()));
                return true;
            }
            if (Compiler.this == RUSTC) {
                Matcher announcement = RUST_ERROR.matcher(line);
                if (announcement.matches()) {
                    announced = announcement.group(1);
                    return true;
                }
            }
            Matcher matcher = pattern.matcher(line);
            if (!matcher.matches() || Compiler.this == RUSTC && announced == null) {
                return false;
            }
            String message = group(matcher, "message");
            add(
                    group(matcher, "file"),
                    ErrorParser.number(group(matcher, "line")),
                    ErrorParser.number(group(matcher, "column")),
                    announced == null ? message : announced);
            announced = null;
            return true;
        }

        private void add(String file, int line, int column, String message) {
            errors.add(ErrorParser.error(Compiler.this, directory, file, line, column, message));
        }

        @Override
        public List<BuildError> errors() {
            return List.copyOf(errors);
        }
    }

    private String group(Matcher matcher, String name) {
        String value = pattern.namedGroups().containsKey(name) ? matcher.group(name) : null;
        if (value == null && pattern.namedGroups().containsKey(name + "2")) {
            value = matcher.group(name + "2");
        }
        return value == null ? "" : value;
    }

    /** The last place of a traceback is where it happened; the line that begins at the margin says what. */
    private static final class PythonErrors implements ErrorParser.Reader {
        private final Path directory;
        private final List<BuildError> errors = new ArrayList<>();
        private @Nullable Matcher place;

        PythonErrors(Path directory) {
            this.directory = directory;
        }

        @Override
        public boolean line(String line) {
            Matcher at = PYTHON.pattern.matcher(line);
            if (at.matches()) {
                place = at;
                return true;
            }
            Matcher error = PYTHON_ERROR.matcher(line);
            if (place == null || !error.matches()) {
                return false;
            }
            errors.add(ErrorParser.error(
                    PYTHON,
                    directory,
                    place.group("file"),
                    ErrorParser.number(place.group("line")),
                    0,
                    error.group("message")));
            place = null;
            return true;
        }

        @Override
        public List<BuildError> errors() {
            return List.copyOf(errors);
        }
    }
}
