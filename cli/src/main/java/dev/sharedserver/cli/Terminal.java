package dev.sharedserver.cli;

/**
 * What the output goes to.
 *
 * @param color whether colours are wanted
 * @param columns width, 0 if there is no terminal
 */
public record Terminal(boolean color, int columns) {

    private static final String RESET = "\u001b[0m";

    String green(String text) {
        return color ? "\u001b[32m" + text + RESET : text;
    }

    String yellow(String text) {
        return color ? "\u001b[33m" + text + RESET : text;
    }

    String red(String text) {
        return color ? "\u001b[31m" + text + RESET : text;
    }

    String dim(String text) {
        return color ? "\u001b[2m" + text + RESET : text;
    }
}
