package dev.sharedserver.top;

import dev.sharedserver.core.Quote;
import java.util.List;
import org.jline.utils.WCWidth;

/** Text measured in columns of a terminal. */
final class Cells {

    private Cells() {}

    /** Returns how many columns a text takes that holds no control characters. */
    static int width(String text) {
        int width = 0;
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            width += Math.max(0, WCWidth.wcwidth(text.codePointAt(at)));
        }
        return width;
    }

    /** Cuts to at most {@code columns}; what was cut shows as an ellipsis. */
    static String cut(String text, int columns) {
        if (columns <= 0) {
            return "";
        }
        if (width(text) <= columns) {
            return text;
        }
        int width = 0;
        int at = 0;
        while (at < text.length()) {
            int c = text.codePointAt(at);
            width += Math.max(0, WCWidth.wcwidth(c));
            if (width > columns - 1) {
                break;
            }
            at += Character.charCount(c);
        }
        return text.substring(0, at) + "…";
    }

    /** Cuts or pads to exactly {@code columns}. */
    static String fit(String text, int columns, boolean right) {
        String cut = cut(text, columns);
        String pad = " ".repeat(Math.max(0, columns - width(cut)));
        return right ? pad + cut : cut + pad;
    }

    /** Returns argv as a person would type it, safe to show. */
    static String command(List<String> argv) {
        StringBuilder out = new StringBuilder();
        for (String word : argv) {
            if (!out.isEmpty()) {
                out.append(' ');
            }
            out.append(plain(word) ? word : Quote.of(word));
        }
        return out.toString();
    }

    private static boolean plain(String word) {
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (!letter && "-_./:=,+@%".indexOf(c) < 0) {
                return false;
            }
        }
        return !word.isEmpty();
    }

    /** Returns a span of time by its two largest units. */
    static String span(long millis) {
        long seconds = Math.max(0, millis) / 1000;
        if (seconds < 60) {
            return seconds + "s";
        }
        long minutes = seconds / 60;
        if (minutes < 60) {
            return minutes + "m " + seconds % 60 + "s";
        }
        long hours = minutes / 60;
        return hours < 24 ? hours + "h " + minutes % 60 + "m" : hours / 24 + "d " + hours % 24 + "h";
    }

    /** Returns a size with three digits at least: 812K, 12.3M, 1.20G. */
    static String bytes(long bytes) {
        double kib = bytes / 1024.0;
        if (kib < 1000) {
            return Math.round(kib) + "K";
        }
        return kib < 1000 * 1024 ? decimal(kib / 1024, 1) + "M" : decimal(kib / 1024 / 1024, 2) + "G";
    }

    /** Returns a number with a fixed count of decimals; String.format costs its first caller 20 ms. */
    static String decimal(double number, int decimals) {
        long factor = decimals == 1 ? 10 : 100;
        long scaled = Math.round(number * factor);
        String rest = Long.toString(scaled % factor);
        return scaled / factor + "." + "0".repeat(decimals - rest.length()) + rest;
    }
}
