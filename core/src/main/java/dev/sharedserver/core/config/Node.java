package dev.sharedserver.core.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A piece of JSON that remembers where it stands: line and column from 1, columns in characters. */
public sealed interface Node {

    /** A longer key is cut where a path shows it, in characters. */
    int LONGEST_STEP = 128;

    /** Returns the line of its first character. */
    int line();

    /** Returns the column of its first character. */
    int column();

    record Dict(int line, int column, List<Member> members) implements Node {

        /** Returns the value of a key, of the first if there are two; null if there is none. */
        public @Nullable Node get(String key) {
            for (Member member : members) {
                if (member.key().equals(key)) {
                    return member.value();
                }
            }
            return null;
        }
    }

    record Items(int line, int column, List<Node> items) implements Node {}

    record Text(int line, int column, String value) implements Node {}

    /** A number as it is written. */
    record Numeral(int line, int column, String text) implements Node {}

    record Bool(int line, int column, boolean value) implements Node {}

    record Nothing(int line, int column) implements Node {}

    /** A key and its value; line and column are the key's. */
    record Member(int line, int column, String key, Node value) {}

    /** Returns the path of what stands below {@code path} under {@code key}. */
    static String path(String path, String key) {
        if (key.length() > LONGEST_STEP) {
            int end = Character.isHighSurrogate(key.charAt(LONGEST_STEP - 1)) ? LONGEST_STEP - 1 : LONGEST_STEP;
            return path + "[\"" + key.substring(0, end) + "…\"]";
        }
        if (!isPlain(key)) {
            return path + "[\"" + key + "\"]";
        }
        return path.isEmpty() ? key : path + "." + key;
    }

    private static boolean isPlain(String key) {
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if (!Character.isLetterOrDigit(c) && "_-$@".indexOf(c) < 0) {
                return false;
            }
        }
        return !key.isEmpty();
    }
}
