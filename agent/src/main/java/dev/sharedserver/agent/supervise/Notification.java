package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Quote;
import org.jspecify.annotations.Nullable;

/**
 * What a server has said of itself, as of sd_notify(3).
 *
 * @param ready it does what it is there for
 * @param watchdog it was alive
 * @param stopping it is about to end
 * @param status one line for a person, escaped, of {@value #LONGEST} characters and an ellipsis at most; empty if the server took it
 *     back, null if it said nothing
 * @param errno why it fails, 0 if it did not say
 */
public record Notification(
        boolean ready,
        boolean watchdog,
        boolean stopping,
        @Nullable String status,
        int errno) {

    /** Of a server that has said nothing. */
    public static final Notification NOTHING = new Notification(false, false, false, null, 0);

    private static final int LONGEST = 500;

    /** MAX_ERRNO of the kernel. */
    private static final int MOST = 4095;

    /** Reads lines; those that are none, or of which we make nothing, are passed over. The last of each kind counts. */
    public static Notification parse(String text) {
        boolean ready = false;
        boolean watchdog = false;
        boolean stopping = false;
        String status = null;
        int errno = 0;
        int end;
        for (int at = 0; at < text.length(); at = end + 1) {
            end = text.indexOf('\n', at);
            end = end < 0 ? text.length() : end;
            String line = text.substring(at, end);
            switch (line) {
                case "READY=1" -> ready = true;
                case "WATCHDOG=1" -> watchdog = true;
                case "STOPPING=1" -> stopping = true;
                default -> {
                    if (line.startsWith("STATUS=")) {
                        status = shown(line.substring("STATUS=".length()).strip());
                    } else if (line.startsWith("ERRNO=")) {
                        errno = number(line, "ERRNO=".length());
                    }
                }
            }
        }
        return new Notification(ready, watchdog, stopping, status, errno);
    }

    /** Returns what is known after {@code later} was said, too: readiness and an end that was begun are never taken back. */
    public Notification and(Notification later) {
        return new Notification(
                ready || later.ready,
                watchdog || later.watchdog,
                stopping || later.stopping,
                later.status == null ? status : later.status,
                later.errno == 0 ? errno : later.errno);
    }

    private static String shown(String status) {
        int end = 0;
        int room = LONGEST;
        // whole characters only: neither a surrogate pair nor an escape is cut in two
        while (end < status.length()) {
            int next = status.offsetByCodePoints(end, 1);
            room -= Quote.escape(status.substring(end, next)).length();
            if (room < 0) {
                return Quote.escape(status.substring(0, end)) + "…";
            }
            end = next;
        }
        return Quote.escape(status);
    }

    private static int number(String line, int at) {
        int number = 0;
        for (int i = at; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c < '0' || c > '9' || number > MOST) {
                return 0;
            }
            number = 10 * number + c - '0';
        }
        return number <= MOST ? number : 0;
    }
}
