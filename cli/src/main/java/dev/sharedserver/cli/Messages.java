package dev.sharedserver.cli;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import java.util.List;

/** The sentences people read; programs match some of them, see docs/cli.md. One line each, with its newline. */
public final class Messages {

    private final Terminal terminal;

    /** Speaks to {@code terminal}. */
    public Messages(Terminal terminal) {
        this.terminal = terminal;
    }

    private String good(String text) {
        return terminal.green("✓") + " " + text + "\n";
    }

    private String bad(String text) {
        return terminal.red("✗") + " " + text + "\n";
    }

    /** Says that something is odd. */
    public String warning(String text) {
        return terminal.yellow("⚠") + " " + text + "\n";
    }

    /** Says something worth knowing. */
    public String note(String text) {
        return terminal.dim("ℹ") + " " + text + "\n";
    }

    /** Says that something failed. */
    public String error(String text) {
        return bad(text);
    }

    /** Says what of a server was removed, or would be; {@code age} is that of the youngest file, in ms. */
    public String pruned(String name, boolean dryRun, int files, long bytes, long age) {
        String what = Quote.escape(name) + ": " + files + (files == 1 ? " file, " : " files, ") + size(bytes)
                + ", not seen for " + TextOutput.span(age);
        return dryRun ? note("Would remove " + what) : good("Removed " + what);
    }

    /** Says that there was nothing to remove. */
    public String nothingToPrune() {
        return note("Nothing to remove");
    }

    private static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        long tenths = bytes * 10 / 1024;
        int unit = 0;
        while (tenths >= 10240 && unit < 3) {
            tenths /= 1024;
            unit++;
        }
        return tenths / 10 + "." + tenths % 10 + " " + "KMGT".charAt(unit) + "iB";
    }

    public String started(String name, long pid, int refcount) {
        return good("Started server " + Quote.escape(name) + " (PID: " + pid + ", refcount: " + refcount + ")");
    }

    public String attached(String name, int refcount) {
        return good("Attached to server " + Quote.escape(name) + " (refcount: " + refcount + ")");
    }

    public String rescued(String name, int refcount) {
        return good("Rescued server " + Quote.escape(name) + " from grace period (refcount: " + refcount + ")");
    }

    public String held(String name, String key) {
        return note("It is held by " + key + ", which ends by itself or by: sharedserver unuse " + Quote.escape(name)
                + " --hold " + key);
    }

    public String allowed(String file, List<String> servers) {
        StringBuilder out = new StringBuilder();
        for (String server : servers) {
            out.append(out.length() == 0 ? ": " : ", ").append(Quote.escape(server));
        }
        return good("Shells in this project are attached to the servers of " + file + " as it is now" + out);
    }

    public String denied(String file) {
        return good("Shells do not use " + file);
    }

    public String sound(String file, int servers, int warnings) {
        return good(Quote.escape(file) + ": " + servers + (servers == 1 ? " server" : " servers") + ", no errors"
                + (warnings == 0 ? "" : ", " + warnings + (warnings == 1 ? " warning" : " warnings")));
    }

    public String skipped(String name, String variable) {
        return note("Server " + Quote.escape(name) + " is skipped, since " + Quote.escape(variable) + " is set");
    }

    public String lazy(String name) {
        return note("Server " + Quote.escape(name) + " is lazy and does not run: sharedserver use " + Quote.escape(name)
                + " starts it");
    }

    public String alreadyRunning(String name, long pid, int refcount) {
        return note(
                "Server " + Quote.escape(name) + " is already running (PID: " + pid + ", refcount: " + refcount + ")");
    }

    public String detached(String name, int refcount, Period grace) {
        String rest = refcount > 0
                ? ""
                : grace.nanos() == 0 ? ", it is being stopped" : ", it is stopped in " + grace + " unless used again";
        return good("Detached from server " + Quote.escape(name) + " (refcount: " + refcount + rest + ")");
    }

    public String kept(String name, int refcount, List<String> dependents) {
        return good("Detached from server " + Quote.escape(name) + " (refcount: " + refcount + ", it stays held for "
                + Quote.escape(String.join(", ", dependents)) + ")");
    }

    public String notRunning(String name) {
        return bad("Server " + Quote.escape(name) + " is not running");
    }

    public String noCommand(String name) {
        return bad("Server " + Quote.escape(name)
                + " is not running and no command was given to start it: sharedserver use " + Quote.escape(name)
                + " -- COMMAND");
    }

    public String notAttached(String name, String client) {
        return bad("Client " + client + " is not attached to server " + Quote.escape(name));
    }

    public String stopped(String name, boolean killed) {
        String escaped = Quote.escape(name);
        return killed
                ? good("Server " + escaped + " was killed since it did not end by itself")
                : good("Server " + escaped + " stopped gracefully");
    }

    public String didNotStop(String name, Period patience) {
        return bad(
                "Server " + Quote.escape(name) + " did not stop within " + patience + ". Use --force to send SIGKILL");
    }

    public String survived(String name, long pid) {
        return bad("Server " + Quote.escape(name) + " (PID: " + pid
                + ") survived SIGKILL: it is in the kernel and ends later");
    }

    public String restarted(String name, long pid, int refcount) {
        return good("Restarted server " + Quote.escape(name) + " (PID: " + pid + ", refcount: " + refcount + ")");
    }

    public String forceKilling(String name, long pid) {
        return note("Force killing server " + Quote.escape(name) + " (PID: " + pid + ")");
    }

    public String forcefullyTerminated(String name) {
        return good("Server " + Quote.escape(name) + " forcefully terminated");
    }

    public String stillUsed(String name, List<ClientView> others) {
        StringBuilder out = new StringBuilder();
        for (ClientView other : others) {
            out.append(out.length() == 0 ? "" : ", ");
            out.append(other.key().startsWith("hold-") ? other.key() : "pid " + other.key());
            String what = other.metadata() != null ? other.metadata() : other.exe();
            if (what != null) {
                out.append(" (").append(Quote.escape(what)).append(')');
            }
        }
        return bad("Server " + Quote.escape(name) + " is still used by " + out
                + ". Use --even-if-used to stop it all the same");
    }

    public String managedByAnotherTool(String name, long watcher) {
        return bad("Server " + Quote.escape(name) + " is managed by another tool (watcher pid " + watcher
                + "): it is shown, not touched");
    }

    public String notRecorded(String name, String directory, String reason) {
        return bad("Cannot write the state of server " + Quote.escape(name) + " in " + Quote.escape(directory) + ": "
                + Quote.escape(reason) + ". Nothing was changed");
    }
}
