package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.Errno;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code lsp … --host H}: the same command on another machine. The launcher becomes the user's ssh, so that nothing of ours
 * stands between editor and network, and ssh's configuration, agents and multiplexing are the user's.
 */
record OverSsh(String host, String what, Path home) {

    /** What the other side runs: words are two lines for people, a directory, and what sharedserver is to be given. */
    private static final String SCRIPT = "said=$1; how=$2; cd \"$3\" 2>/dev/null; shift 3; "
            + "for s in sharedserver \"$HOME/.local/bin/sharedserver\" \"$HOME/.cargo/bin/sharedserver\" "
            + "/usr/local/bin/sharedserver /opt/homebrew/bin/sharedserver; do "
            + "command -v \"$s\" >/dev/null 2>&1 && exec \"$s\" \"$@\"; done; "
            + "printf \"%s\\n  %s\\n\" \"$said\" \"$how\" >&2; exit 127";

    /** Where a sharedserver is put that the other side does not have. */
    private static final String PLACE = ".local/share/sharedserver";

    void carryOut(Request request, LauncherConnection launcher) throws IOException, Failure {
        List<String> argv = command(request.argv(), request.cwd());
        launcher.become(argv, List.of(), "");
        LauncherConnection.ExecError error = launcher.execError();
        if (error != null) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "--host needs ssh, which cannot be executed: " + Errno.text(error.errno())
                            + " (Debian, Ubuntu: apt-get install openssh-client)");
        }
    }

    /** Returns ssh with all that it is to be told. */
    List<String> command(List<String> given, String cwd) throws Failure {
        Told told = Told.of(given);
        boolean connects = what.equals("connect");
        Path here = cwd.isEmpty() ? null : Path.of(cwd);
        List<String> there = new ArrayList<>(List.of("lsp"));
        there.addAll(told.words());
        String root = told.root();
        if (root != null) {
            if (here == null && !root.startsWith("/")) {
                throw gone();
            }
            there.add("--root=" + told.mapped(here == null ? root : absolute(here, root)));
        } else if (what.equals("serve")) {
            if (here == null) {
                throw gone();
            }
            there.add("--root=" + told.mapped(cwd));
        }
        if (connects) {
            told.maps().forEach(map -> there.add("--map=" + map));
        }
        there.addAll(told.command());

        StringBuilder line =
                new StringBuilder("exec sh -c ").append(quoted(SCRIPT)).append(" sh");
        line.append(' ').append(quoted(missing())).append(' ').append(quoted(remedy()));
        line.append(' ').append(quoted(here == null ? "/" : told.mapped(cwd)));
        there.forEach(word -> line.append(' ').append(quoted(word)));

        List<String> argv = new ArrayList<>(List.of("ssh", "-T"));
        if (!connects) {
            // what the caller has on standard input is for somebody else
            argv.add("-n");
        }
        argv.addAll(List.of("--", host, line.toString()));
        return argv;
    }

    private static Failure gone() {
        return new Failure(ExitCodes.FAILED, "the working directory does not exist any more: give --root");
    }

    private static String absolute(Path here, String root) {
        return here.resolve(root).normalize().toString();
    }

    private String missing() {
        return "sharedserver: " + Quote.escape(host)
                + " has no sharedserver in its PATH or ~/.local/bin. To install this one"
                + " there, if it is the same kind of machine:";
    }

    private String remedy() {
        String copy = "mkdir -p ~/" + PLACE + " ~/.local/bin && tar -C ~/" + PLACE + " -xf - && ln -sf ../../" + PLACE
                + "/bin/sharedserver ~/.local/bin/sharedserver";
        return "tar -C " + quoted(home.toString()) + " -cf - . | ssh " + quoted(host) + " " + quoted(copy);
    }

    /**
     * Returns a word as every shell reads it that somebody may log in with: sh, csh and fish. Between single quotes only what
     * means nothing to any of them; the three that do stand outside, behind a backslash.
     */
    static String quoted(String word) {
        if (plain(word)) {
            return word;
        }
        StringBuilder out = new StringBuilder(word.length() + 8);
        boolean inside = false;
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            boolean special = c == '\'' || c == '\\' || c == '!';
            if (special == inside) {
                out.append('\'');
                inside = !inside;
            }
            if (special) {
                out.append('\\');
            }
            out.append(c);
        }
        return inside ? out.append('\'').toString() : out.isEmpty() ? "''" : out.toString();
    }

    private static boolean plain(String word) {
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "-_./:,".indexOf(c) >= 0)) {
                return false;
            }
        }
        return !word.isEmpty();
    }

    /**
     * A command line behind {@code lsp}, taken apart. The words are checked already.
     *
     * @param words all that goes to the other side as it is
     * @param command what stands behind --, with it; empty if nothing does
     */
    private record Told(List<String> words, @Nullable String root, List<String> maps, List<String> command) {

        static Told of(List<String> argv) {
            List<String> words = new ArrayList<>();
            List<String> maps = new ArrayList<>();
            String root = null;
            int i = 1;
            for (; i < argv.size() && !argv.get(i).equals("--"); i++) {
                String word = argv.get(i);
                int equals = word.startsWith("--") ? word.indexOf('=') : -1;
                String flag = equals < 0 ? word : word.substring(0, equals);
                switch (flag) {
                    case "--host", "--root", "--map" -> {
                        String value = equals < 0 ? argv.get(++i) : word.substring(equals + 1);
                        if (flag.equals("--root")) {
                            root = value;
                        } else if (flag.equals("--map")) {
                            maps.add(value);
                        }
                    }
                    case "--json", "--fresh", "--park", "--or-serve" -> words.add(word);
                    default -> {
                        words.add(word);
                        if (equals < 0 && word.startsWith("--")) {
                            words.add(argv.get(++i)); // all others have a value
                        }
                    }
                }
            }
            return new Told(words, root, maps, argv.subList(Math.min(i, argv.size()), argv.size()));
        }

        /** Returns a path of this side as the other side has it: by the longest directory that is mapped. */
        String mapped(String path) {
            String found = path;
            int longest = -1;
            for (String map : maps) {
                int equals = map.indexOf('=');
                String local = map.substring(0, equals);
                if (equals > longest && (path.equals(local) || path.startsWith(local + "/"))) {
                    longest = equals;
                    found = map.substring(equals + 1) + path.substring(equals);
                }
            }
            return found;
        }
    }
}
