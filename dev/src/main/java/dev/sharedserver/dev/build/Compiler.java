package dev.sharedserver.dev.build;

import dev.sharedserver.dev.BuildError;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
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
    /** {@code A.java:3: error: …} of javac, whose caret tells the column; {@code [ERROR] /p/A.java:[3,2] …} of Maven. */
    JAVAC("^(?:(?<file>[^\\s\\[][^:]*\\.java):(?<line>\\d+): error: (?<message>.*)|\\[ERROR\\]"
            + " (?<file2>/[^:]*\\.java):\\[(?<line2>\\d+),(?<column2>\\d+)\\] (?:error: )?(?<message2>.*))$"),
    /** {@code a.ts(3,2): error TS2304: …}, or with colons where tsc makes it pretty. */
    TSC("^(?:(?<file>[^\\s(][^(]*)\\((?<line>\\d+),(?<column>\\d+)\\): error (?<message>.*)"
            + "|(?<file2>[^\\s:][^:]*):(?<line2>\\d+):(?<column2>\\d+) - error (?<message2>.*))$"),
    /** {@code error[E0308]: …}, and in a later line {@code --> src/a.rs:3:2}; or all in one where it is told to be short. */
    RUSTC("^(?:\\s*--> (?<file>[^:]+):(?<line>\\d+):(?<column>\\d+)(?<message>)"
            + "|(?<file2>[^\\s:][^:]*):(?<line2>\\d+):(?<column2>\\d+): error(?:\\[E\\d+\\])?: (?<message2>.*))$"),
    /** {@code a.c:3:2: error: …}, of gcc and clang. */
    GCC("^(?<file>[^\\s:][^:]*):(?<line>\\d+):(?:(?<column>\\d+):)? (?:fatal )?error: (?<message>.*)$"),
    /** A traceback: {@code File "a.py", line 3}, and at its end {@code SyntaxError: …}; what {@code compileall} says. */
    PYTHON(PythonErrors.PLACE);

    private static final Pattern RUST_ERROR = Pattern.compile("^error(?:\\[E\\d+\\])?: (.*)$");

    /** What cargo says when a build script failed; the path is there for packages of the developer's own. */
    private static final Pattern BUILD_SCRIPT =
            Pattern.compile("^failed to run custom build command for `[^`(]*(?:\\((?<directory>/[^)`]*)\\))?`$");

    /** Where a Rust program gave up: the message is in the next line, or before Rust 1.73 in this one. */
    private static final Pattern PANIC =
            Pattern.compile("^\\s*thread '[^']*' (?:\\(\\d+\\) )?panicked at (?:'(?<message>.*)',"
                    + " )?(?<file>[^:']+):(?<line>\\d+):(?<column>\\d+):?$");

    /** What follows errors that were told already. */
    private static final Pattern SUMMARY = Pattern.compile("^(?:could not compile|aborting due to|build failed).*");

    /** What javac says behind an error of a name that it cannot resolve, and where Maven repeats it. */
    private static final Pattern OF_SYMBOL =
            Pattern.compile("^(?:\\[ERROR\\])?\\s+((?:symbol|location|required|found|reason): .*)$");

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
        private @Nullable Matcher panic;

        private Lines(Path directory) {
            this.directory = directory;
        }

        @Override
        public boolean line(String line) {
            if (belongs(line)) {
                return true;
            }
            Matcher matcher = pattern.matcher(line);
            String message = matcher.matches() ? group(matcher, "message") : null;
            if (message == null || message.isEmpty() && announced == null) {
                return false;
            }
            String file = group(matcher, "file");
            add(
                    Compiler.this == RUSTC ? inWorkspace(file) : file,
                    ErrorParser.number(group(matcher, "line")),
                    ErrorParser.number(group(matcher, "column")),
                    message.isEmpty() && announced != null ? announced : message);
            announced = null;
            return true;
        }

        /** Takes a line that goes with another one. */
        private boolean belongs(String line) {
            return switch (Compiler.this) {
                case GO -> line.startsWith("\t") && said(line.strip());
                case JAVAC -> {
                    Matcher symbol = OF_SYMBOL.matcher(line);
                    yield symbol.matches() ? said(symbol.group(1)) : line.endsWith("^") && caret(line);
                }
                case RUSTC -> rust(line);
                case TSC, GCC, PYTHON -> false;
            };
        }

        private boolean rust(String line) {
            Matcher gaveUp = panic;
            if (gaveUp != null) {
                panic = null;
                addPanic(gaveUp, line.strip());
                return true;
            }
            Matcher announcement = RUST_ERROR.matcher(line);
            if (announcement.matches()) {
                addAnnounced();
                announced = announcement.group(1);
                return true;
            }
            if (line.startsWith("warning")) {
                addAnnounced(); // the place that follows is the warning's
            }
            Matcher place = PANIC.matcher(line);
            if (announced != null && BUILD_SCRIPT.matcher(announced).matches() && place.matches()) {
                if (place.group("message") == null) {
                    panic = place;
                } else {
                    addPanic(place, place.group("message"));
                }
                return true;
            }
            return false;
        }

        /** Adds an error that is nowhere: of the linker, of a manifest, of a build script. */
        private void addAnnounced() {
            String message = announced;
            announced = null;
            if (message != null && !SUMMARY.matcher(message).matches()) {
                add("", 0, 0, message);
            }
        }

        /** Adds what a build script gave up with; where that is, is known of the developer's own only. */
        private void addPanic(Matcher place, String why) {
            String message = announced == null ? "" : announced;
            announced = null;
            Matcher script = BUILD_SCRIPT.matcher(message);
            String base = script.matches() ? script.group("directory") : null;
            String text = message + ": " + why;
            if (base == null) {
                add("", 0, 0, text);
            } else {
                add(
                        shown(base, place.group("file")),
                        ErrorParser.number(place.group("line")),
                        ErrorParser.number(place.group("column")),
                        text);
            }
        }

        /** Returns a file of a package as other messages name it: from where the build runs, if it is below that. */
        private String shown(String base, String file) {
            try {
                Path path = Path.of(base).resolve(file).normalize();
                return (path.startsWith(directory) ? directory.relativize(path) : path).toString();
            } catch (InvalidPathException e) {
                return file;
            }
        }

        /** rustc names files from the root of the workspace, which may be above where the build runs. */
        private String inWorkspace(String file) {
            try {
                for (Path root = directory; root != null; root = root.getParent()) {
                    if (Files.isRegularFile(root.resolve(file))) {
                        return shown(root.toString(), file);
                    }
                }
            } catch (InvalidPathException e) {
                // a file of no file system: the tool's word for it stands
            }
            return file;
        }

        /** Adds to the message of the last error. */
        private boolean said(String more) {
            if (errors.isEmpty()) {
                return false;
            }
            BuildError last = errors.removeLast();
            errors.add(new BuildError(
                    last.file(), last.line(), last.column(), last.message() + "\n" + more, last.extra()));
            return true;
        }

        private boolean caret(String line) {
            if (errors.isEmpty()
                    || errors.getLast().column() > 0
                    || !line.strip().equals("^")) {
                return false;
            }
            BuildError last = errors.removeLast();
            errors.add(new BuildError(last.file(), last.line(), line.length(), last.message(), last.extra()));
            return true;
        }

        private void add(String file, int line, int column, String message) {
            errors.add(ErrorParser.error(Compiler.this, directory, file, line, column, message));
        }

        @Override
        public List<BuildError> errors() {
            addAnnounced();
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
}
