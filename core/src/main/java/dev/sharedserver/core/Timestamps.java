package dev.sharedserver.core;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** RFC 3339 in UTC with microseconds, {@code 2026-11-21T04:12:09.123456Z}, always of the same length. */
public final class Timestamps {

    private static final String FORM = "0000-00-00T00:00:00.000000Z";

    /** RFC 3339 has years of four digits. */
    private static final Instant FIRST = Instant.ofEpochSecond(-62_167_219_200L);

    private static final Instant LAST = Instant.ofEpochSecond(253_402_300_799L, 999_999_999);

    private Timestamps() {}

    /** Returns the time cut to whole microseconds; what lies beyond the years 0 to 9999 as their first or last moment. */
    public static String format(Instant anywhere) {
        Instant instant = anywhere.isBefore(FIRST) ? FIRST : anywhere.isAfter(LAST) ? LAST : anywhere;
        // by hand: a DateTimeFormatter costs its first caller tens of milliseconds
        LocalDateTime t = LocalDateTime.ofEpochSecond(instant.getEpochSecond(), instant.getNano(), ZoneOffset.UTC);
        StringBuilder out = new StringBuilder(27);
        digits(out, t.getYear(), 4);
        digits(out.append('-'), t.getMonthValue(), 2);
        digits(out.append('-'), t.getDayOfMonth(), 2);
        digits(out.append('T'), t.getHour(), 2);
        digits(out.append(':'), t.getMinute(), 2);
        digits(out.append(':'), t.getSecond(), 2);
        digits(out.append('.'), t.getNano() / 1000, 6);
        return out.append('Z').toString();
    }

    /** Parses what {@link #format} writes, and any other RFC 3339 time in UTC. */
    public static Instant parse(String text) throws InvalidInput {
        try {
            Instant instant = Instant.parse(text);
            if (!instant.isBefore(FIRST) && !instant.isAfter(LAST)) {
                return instant;
            }
        } catch (DateTimeParseException e) {
            // told below, as for a time that has no such form
        }
        throw new InvalidInput("invalid time " + Quote.of(text) + ": RFC 3339 in UTC is expected");
    }

    /** Reads back what {@link #format} wrote; null if it did not. For where the cost of {@link #parse} matters. */
    static @Nullable Instant read(String text) {
        if (!isFormatted(text)) {
            return null;
        }
        try {
            LocalDateTime time = LocalDateTime.of(
                    number(text, 0, 4),
                    number(text, 5, 7),
                    number(text, 8, 10),
                    number(text, 11, 13),
                    number(text, 14, 16),
                    number(text, 17, 19),
                    number(text, 20, 26) * 1000);
            return time.toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null; // a thirteenth month
        }
    }

    private static int number(String text, int from, int to) {
        return Integer.parseInt(text, from, to, 10);
    }

    /** Tells whether a text looks as {@link #format} makes it: such texts are ordered as their times are. */
    static boolean isFormatted(String text) {
        if (text.length() != FORM.length()) {
            return false;
        }
        for (int i = 0; i < FORM.length(); i++) {
            char form = FORM.charAt(i);
            char c = text.charAt(i);
            if (form == '0' ? c < '0' || c > '9' : c != form) {
                return false;
            }
        }
        return true;
    }

    private static void digits(StringBuilder out, int value, int digits) {
        int divisor = 1;
        for (int i = 1; i < digits; i++) {
            divisor *= 10;
        }
        for (; divisor > 0; divisor /= 10) {
            out.append((char) ('0' + value / divisor % 10));
        }
    }
}
