package dev.sharedserver.dev.build;

import dev.sharedserver.dev.BuildError;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads Python's tracebacks. The last place of one is where it happened, the last of the project's own where a library was called
 * wrongly; the line that begins at the margin says what.
 */
final class PythonErrors implements ErrorParser.Reader {

    /** {@code File "a.py", line 3, in f}. */
    static final String PLACE = "^ *File \"(?<file>[^\"]+)\", line (?<line>\\d+).*$";

    private static final Pattern PLACES = Pattern.compile(PLACE);
    private static final Pattern MESSAGE =
            Pattern.compile("^(?<message>[A-Za-z_][A-Za-z0-9_]*(?:\\.[A-Za-z_][A-Za-z0-9_]*)*(?:: .*)?)$");

    /** What compileall says before it says what is wrong. */
    private static final Pattern COMPILING = Pattern.compile("^\\*\\*\\* Error compiling '(?<file>[^']+)'\\.\\.\\.$");

    /** {@code Sorry: IndentationError: unexpected indent (c.py, line 2)}, with the file's name only. */
    private static final Pattern SORRY =
            Pattern.compile("^Sorry: (?<message>[^(]*) \\((?<file>[^()]+), line (?<line>\\d+)\\)");

    private final Path directory;
    private final List<BuildError> errors = new ArrayList<>();
    private @Nullable String compiling;
    private @Nullable Matcher place;

    PythonErrors(Path directory) {
        this.directory = directory;
    }

    @Override
    public boolean line(String line) {
        Matcher at = PLACES.matcher(line);
        if (at.matches()) {
            if (place == null || isOwn(at.group("file")) || !isOwn(place.group("file"))) {
                place = at;
            }
            return true;
        }
        Matcher file = COMPILING.matcher(line);
        if (file.matches()) {
            compiling = file.group("file");
            return true;
        }
        Matcher sorry = SORRY.matcher(line);
        if (sorry.lookingAt()) {
            add(compiling == null ? sorry.group("file") : compiling, sorry, sorry.group("message"));
            return true;
        }
        Matcher message = MESSAGE.matcher(line);
        if (place == null || !message.matches()) {
            return false;
        }
        add(place.group("file"), place, message.group("message"));
        return true;
    }

    private boolean isOwn(String file) {
        try {
            return directory.resolve(file).normalize().startsWith(directory);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private void add(String file, Matcher at, String message) {
        errors.add(
                ErrorParser.error(Compiler.PYTHON, directory, file, ErrorParser.number(at.group("line")), 0, message));
        place = null;
        compiling = null;
    }

    @Override
    public List<BuildError> errors() {
        return List.copyOf(errors);
    }
}
