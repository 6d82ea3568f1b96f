package dev.sharedserver.os;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /proc/<pid>/stat} says (proc(5)).
 *
 * @param comm name of the program, at most 15 bytes, any of them possible
 * @param state one letter, of the process's first thread; Z and X are those of a dead one
 * @param session session id
 * @param tty device number of the controlling terminal, 0 for none
 * @param flags PF_ flags of the kernel
 * @param threads how many it has, with the first one, which is counted even when it has ended before the others
 * @param startTime clock ticks since boot
 * @param exitSignal what its parent is sent at its end; -1 for a thread that is not its process's first
 */
public record ProcStat(
        long pid,
        String comm,
        char state,
        long ppid,
        long pgrp,
        long session,
        long tty,
        long flags,
        int nice,
        long threads,
        long startTime,
        int exitSignal) {

    /** PF_FORKNOEXEC of linux/sched.h: forked, and no other program was executed since. */
    private static final long FORKED_WITHOUT_EXEC = 0x40;

    private static final int FIELDS = 36;

    /** Parses a line; null if it is none. */
    static @Nullable ProcStat parse(byte[] bytes) {
        return parse(bytes, bytes.length);
    }

    static @Nullable ProcStat parse(byte[] bytes, int length) {
        String line = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
        int open = line.indexOf('(');
        // the name may hold parentheses and spaces itself: the last one closes it
        int close = line.lastIndexOf(')');
        if (open < 2 || close < open || close + 3 >= line.length()) {
            return null;
        }
        long[] fields = new long[FIELDS];
        int at = close + 4;
        for (int i = 1; i < FIELDS; i++) {
            if (at >= line.length()) {
                return null;
            }
            int end = at;
            while (end < line.length() && line.charAt(end) > ' ') {
                end++;
            }
            try {
                fields[i] = Long.parseLong(line, at, end, 10);
            } catch (NumberFormatException e) {
                if (i != 0 && at < end && line.charAt(at) != '-') {
                    fields[i] = Long.MAX_VALUE; // beyond 63 bits: none of the fields that are looked at
                } else {
                    return null;
                }
            }
            at = end + 1;
        }
        try {
            return new ProcStat(
                    Long.parseLong(line, 0, open - 1, 10),
                    line.substring(open + 1, close),
                    line.charAt(close + 2),
                    fields[1],
                    fields[2],
                    fields[3],
                    fields[4],
                    fields[6],
                    (int) fields[16],
                    fields[17],
                    fields[19],
                    (int) fields[35]);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Tells whether that is a process: /proc answers for ids of threads, too. */
    public boolean isProcess() {
        return exitSignal >= 0;
    }

    /**
     * Tells whether the process still executes. Its first thread may have ended before the others, and looks ended for a moment while
     * another one executes a new program (the case of every JVM that does).
     */
    public boolean alive() {
        return state != 'X' && (state != 'Z' || threads > 1);
    }

    /** Tells whether it is a fork that runs the program of its parent, as a subshell does. */
    public boolean forkedWithoutExec() {
        return (flags & FORKED_WITHOUT_EXEC) != 0;
    }
}
