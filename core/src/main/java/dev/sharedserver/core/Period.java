package dev.sharedserver.core;

/**
 * A length of time as people write it: {@code 90s}, {@code 1h30m}, {@code 250ms}.
 *
 * @param nanos never negative
 */
public record Period(long nanos) {

    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000 * MILLI;
    private static final long MINUTE = 60 * SECOND;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;

    /** Parses {@code [Nd][Nh][Nm][Ns][Nms]}, at least one part, each unit at most once, the largest first. */
    public static Period parse(String text) throws InvalidInput {
        if (text.isEmpty()) {
            throw invalid(text, "it is empty");
        }
        long nanos = 0;
        long last = Long.MAX_VALUE;
        int at = 0;
        while (at < text.length()) {
            int digits = at;
            long number = 0;
            while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
                int digit = text.charAt(at) - '0';
                if (number > (Long.MAX_VALUE - digit) / 10) {
                    throw tooLong(text);
                }
                number = 10 * number + digit;
                at++;
            }
            if (at == digits) {
                throw invalid(text, "a number is expected at " + Quote.of(text.substring(at)));
            }
            int letters = at;
            while (at < text.length() && (text.charAt(at) < '0' || text.charAt(at) > '9')) {
                at++;
            }
            long unit = unit(text, text.substring(letters, at));
            if (unit >= last) {
                throw invalid(text, "each unit may stand once, the largest first");
            }
            last = unit;
            if (number > (Long.MAX_VALUE - nanos) / unit) {
                throw tooLong(text);
            }
            nanos += number * unit;
        }
        return new Period(nanos);
    }

    private static long unit(String text, String unit) throws InvalidInput {
        return switch (unit) {
            case "d" -> DAY;
            case "h" -> HOUR;
            case "m" -> MINUTE;
            case "s" -> SECOND;
            case "ms" -> MILLI;
            case "" -> throw invalid(text, "a unit (d, h, m, s, ms) is missing behind the last number");
            default -> throw invalid(text, "unknown unit " + Quote.of(unit) + ", known are d, h, m, s, ms");
        };
    }

    private static InvalidInput invalid(String text, String why) {
        return new InvalidInput("invalid duration " + Quote.of(text) + ": " + why + " (examples: 30s, 5m, 1h30m)");
    }

    private static InvalidInput tooLong(String text) {
        return new InvalidInput("invalid duration " + Quote.of(text) + ": it is longer than 292 years");
    }

    /** Returns whole milliseconds, rounded down. */
    public long millis() {
        return nanos / MILLI;
    }

    /** Returns the shortest text that parses to the same period, cut to whole milliseconds. */
    @Override
    public String toString() {
        if (nanos < MILLI) {
            return "0s";
        }
        StringBuilder out = new StringBuilder();
        long rest = append(out, nanos, DAY, "d");
        rest = append(out, rest, HOUR, "h");
        rest = append(out, rest, MINUTE, "m");
        rest = append(out, rest, SECOND, "s");
        append(out, rest, MILLI, "ms");
        return out.toString();
    }

    private static long append(StringBuilder out, long rest, long unit, String name) {
        if (rest >= unit) {
            out.append(rest / unit).append(name);
        }
        return rest % unit;
    }
}
