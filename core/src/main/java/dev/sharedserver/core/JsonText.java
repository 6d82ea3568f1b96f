package dev.sharedserver.core;

/** Makes JSON text that is valid UTF-8 whatever bytes went into its strings. */
public final class JsonText {

    private JsonText() {}

    /** Returns {@code json} with the lone surrogates of {@link OsText} written as {@code \}{@code udcXX}. */
    public static String escapeLoneSurrogates(String json) {
        StringBuilder out = null;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            boolean pair = Character.isHighSurrogate(c)
                    && i + 1 < json.length()
                    && Character.isLowSurrogate(json.charAt(i + 1));
            if (pair) {
                if (out != null) {
                    out.append(c);
                }
                i++;
                c = json.charAt(i);
            } else if (Character.isSurrogate(c)) {
                if (out == null) {
                    out = new StringBuilder(json.length() + 64).append(json, 0, i);
                }
                out.append("\\u").append(Integer.toHexString(c));
                continue;
            }
            if (out != null) {
                out.append(c);
            }
        }
        return out == null ? json : out.toString();
    }
}
