package dev.sharedserver.core;

import org.jspecify.annotations.Nullable;

/** Names of signals (signal(7), the numbers of x86-64 and aarch64 Linux). */
public final class Signals {

    private static final String[] NAMES = {
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS"
    };
    private static final int LAST = 64;

    private Signals() {}

    /** Returns the number of a signal given by name, in any case, with or without SIG, or by number. */
    public static int parse(String text) throws InvalidInput {
        Integer number = number(text);
        if (number == null) {
            throw new InvalidInput("invalid signal " + Quote.of(text)
                    + ": a name like TERM or INT, or a number from 1 to 64 is expected");
        }
        return number;
    }

    private static @Nullable Integer number(String text) {
        String name = text.regionMatches(true, 0, "SIG", 0, 3) ? text.substring(3) : text;
        for (int i = 1; i < NAMES.length; i++) {
            if (NAMES[i].equalsIgnoreCase(name)) {
                return i;
            }
        }
        try {
            int number = Integer.parseInt(text);
            return number >= 1 && number <= LAST && text.charAt(0) != '+' ? number : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Returns the name of a signal with its SIG, or its number. */
    public static String name(int signal) {
        return signal > 0 && signal < NAMES.length ? "SIG" + NAMES[signal] : "signal " + signal;
    }
}
