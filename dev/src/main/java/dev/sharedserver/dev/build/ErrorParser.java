package dev.sharedserver.dev.build;

import dev.sharedserver.dev.BuildError;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** The form of a tool's complaints. */
public sealed interface ErrorParser permits Compiler, LinePattern {

    /** Gathers the complaints of one stream of output. Used by one thread at a time. */
    interface Reader {
        /** Takes a line and tells whether it is, or belongs to, a complaint. */
        boolean line(String line);

        /** Returns what was found so far. */
        List<BuildError> errors();
    }

    /** Returns its name in JSON. */
    String text();

    /** Reads the output of a tool that runs in {@code directory}. */
    Reader reader(Path directory);

    /** Makes an error of what the tool said. */
    static BuildError error(ErrorParser parser, Path directory, String file, int line, int column, String message) {
        BuildError.Extra extra = null;
        try {
            extra = new BuildError.Extra(
                    parser.text(),
                    file.isEmpty() ? "" : directory.resolve(file).normalize().toString());
        } catch (InvalidPathException e) {
            // a file of no file system: the tool's word for it stands
        }
        return new BuildError(file, line, column, message, extra);
    }

    /** Returns the number that digits are, 0 for none and for more than any file has lines. */
    static int number(String digits) {
        try {
            return digits.isEmpty() ? 0 : Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
