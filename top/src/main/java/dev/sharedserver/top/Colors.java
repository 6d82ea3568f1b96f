package dev.sharedserver.top;

import org.jline.utils.AttributedStyle;

/**
 * The colours of the view.
 *
 * @param on false: none, as NO_COLOR asks for; bold, faint and inverse stay
 */
record Colors(boolean on) {

    AttributedStyle state(String state) {
        return switch (state) {
            case "active" -> color(AttributedStyle.GREEN);
            case "grace", "starting", "restarting" -> color(AttributedStyle.YELLOW);
            default -> color(AttributedStyle.RED);
        };
    }

    AttributedStyle question() {
        return color(AttributedStyle.YELLOW).bold();
    }

    AttributedStyle dim() {
        return AttributedStyle.DEFAULT.faint();
    }

    private AttributedStyle color(int color) {
        return on ? AttributedStyle.DEFAULT.foreground(color) : AttributedStyle.DEFAULT;
    }
}
