package dev.sharedserver.agent.logs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Makes output harmless for a terminal: text, tabs, carriage returns and colours pass; every other control character, also of the
 * C1 set, and what is no UTF-8 is shown as {@code \xNN}. It may be cut into pieces anywhere.
 */
final class TerminalSafe implements Sink {

    private static final int ESCAPE = 0x1b;
    private static final int LONGEST_COLOUR = 64;
    private static final String HEX = "0123456789abcdef";

    private final Sink next;
    private final byte[] held = new byte[LONGEST_COLOUR];
    private int count;
    private int wanted;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    TerminalSafe(Sink next) {
        this.next = next;
    }

    @Override
    public void take(byte[] bytes, int from, int length) throws IOException {
        for (int i = from; i < from + length; i++) {
            one(bytes[i] & 0xff);
        }
        flush();
    }

    @Override
    public void finish() throws IOException {
        showHeld();
        flush();
        next.finish();
    }

    private void flush() throws IOException {
        next.take(out.toByteArray(), 0, out.size());
        out.reset();
    }

    private void one(int b) {
        if (count > 0 && held[0] == ESCAPE) {
            colour(b);
        } else if (count > 0) {
            continued(b);
        } else if (b == ESCAPE) {
            hold(b);
        } else if (b < 0x80) {
            plain(b);
        } else {
            wanted = b >= 0xc2 && b <= 0xdf ? 2 : b >= 0xe0 && b <= 0xef ? 3 : b >= 0xf0 && b <= 0xf4 ? 4 : 0;
            if (wanted == 0) {
                show(b);
            } else {
                hold(b);
            }
        }
    }

    private void plain(int b) {
        if (b >= ' ' && b != 0x7f || b == '\n' || b == '\t' || b == '\r') {
            out.write(b);
        } else {
            show(b);
        }
    }

    /** Behind ESC: {@code [}, digits and semicolons, {@code m}. */
    private void colour(int b) {
        boolean fits = count == 1 ? b == '[' : b >= '0' && b <= '9' || b == ';' || b == ':';
        if (count > 1 && b == 'm') {
            hold(b);
            out.write(held, 0, count);
            count = 0;
        } else if (fits && count < LONGEST_COLOUR - 1) {
            hold(b);
        } else {
            showHeld();
            one(b);
        }
    }

    private void continued(int b) {
        if (b < 0x80 || b > 0xbf) {
            showHeld();
            one(b);
            return;
        }
        hold(b);
        if (count < wanted) {
            return;
        }
        String text = new String(held, 0, count, StandardCharsets.UTF_8);
        // one that is written too long, or half a pair, is decoded to something else
        boolean valid = text.codePointCount(0, text.length()) == 1 && text.codePointAt(0) != 0xfffd
                || count == 3 && (held[0] & 0xff) == 0xef && (held[1] & 0xff) == 0xbf && (held[2] & 0xff) == 0xbd;
        if (valid && !Character.isISOControl(text.codePointAt(0))) {
            out.write(held, 0, count);
            count = 0;
        } else {
            showHeld();
        }
    }

    private void hold(int b) {
        held[count] = (byte) b;
        count++;
    }

    private void showHeld() {
        for (int i = 0; i < count; i++) {
            int b = held[i] & 0xff;
            if (b >= ' ' && b < 0x7f) {
                out.write(b);
            } else {
                show(b);
            }
        }
        count = 0;
    }

    private void show(int b) {
        out.write('\\');
        out.write('x');
        out.write(HEX.charAt(b >> 4));
        out.write(HEX.charAt(b & 15));
    }
}
