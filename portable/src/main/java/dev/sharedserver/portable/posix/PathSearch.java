package dev.sharedserver.portable.posix;

import java.util.ArrayList;
import java.util.List;

/** What execvpe(3) does: looks a command up along a PATH, and gives what has no {@code #!} line to the shell. */
public final class PathSearch {

    private static final String SHELL = "/bin/sh";

    private PathSearch() {}

    /** Tries to execute one file with these arguments; returns what it is about, or the negative errno. */
    public interface Attempt {
        /** Tries it. */
        long at(String path, List<String> argv);
    }

    /** Tries the places in turn until one is no failure; returns its result, or the negative errno that says the most. */
    public static long first(String path, List<String> argv, Attempt attempt) {
        String name = argv.getFirst();
        if (name.isEmpty()) {
            return -LibC.ENOENT;
        }
        if (name.indexOf('/') >= 0) {
            return orByShell(name, argv, attempt);
        }
        boolean refused = false;
        for (String place : path.split(":", -1)) {
            // an empty entry is the working directory
            long result = orByShell(place.isEmpty() ? name : place + "/" + name, argv, attempt);
            if (result == -LibC.EACCES) {
                refused = true;
            } else if (result != -LibC.ENOENT
                    && result != -LibC.ENOTDIR
                    && result != -LibC.ENAMETOOLONG
                    && result != -LibC.ELOOP) {
                return result;
            }
        }
        return refused ? -LibC.EACCES : -LibC.ENOENT;
    }

    private static long orByShell(String path, List<String> argv, Attempt attempt) {
        long result = attempt.at(path, argv);
        if (result != -LibC.ENOEXEC) {
            return result;
        }
        List<String> script = new ArrayList<>(List.of(SHELL, path));
        script.addAll(argv.subList(1, argv.size()));
        return attempt.at(SHELL, script);
    }
}
