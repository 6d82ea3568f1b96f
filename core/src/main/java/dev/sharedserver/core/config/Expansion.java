package dev.sharedserver.core.config;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Expands {@code ${VAR}}, {@code ${VAR:-default}}, {@code $$} and a leading {@code ~/}. */
final class Expansion {

    private final Function<String, @Nullable String> variables;

    Expansion(Function<String, @Nullable String> variables) {
        this.variables = variables;
    }

    /** Returns the expanded text; an unset variable without a default stays as it is. */
    String expand(String text) {
        String home = variables.apply("HOME");
        String rest = text.startsWith("~/") && home != null ? home + text.substring(1) : text;
        StringBuilder out = new StringBuilder(rest.length());
        int at = 0;
        while (at < rest.length()) {
            char c = rest.charAt(at);
            if (c == '$' && at + 1 < rest.length() && rest.charAt(at + 1) == '$') {
                out.append('$');
                at += 2;
                continue;
            }
            int end = c == '$' && at + 1 < rest.length() && rest.charAt(at + 1) == '{' ? rest.indexOf('}', at) : -1;
            if (end < 0) {
                out.append(c);
                at++;
                continue;
            }
            String inside = rest.substring(at + 2, end);
            int split = inside.indexOf(":-");
            String value = variables.apply(split < 0 ? inside : inside.substring(0, split));
            boolean useDefault = split >= 0 && (value == null || value.isEmpty());
            if (useDefault) {
                out.append(inside, split + 2, inside.length());
            } else {
                out.append(value == null ? rest.substring(at, end + 1) : value);
            }
            at = end + 1;
        }
        return out.toString();
    }
}
