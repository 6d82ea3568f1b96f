package dev.sharedserver.core;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;

/** Makes JSON text that is valid UTF-8 whatever bytes went into its strings. */
public final class JsonText {

    private static final int USUAL_LENGTH = 1024;

    private JsonText() {}

    /** How it looks. */
    public enum Form {
        /** Indented by two spaces; nulls are shown. */
        PRETTY,
        /** Indented by two spaces; fields that are null are left out. */
        PRETTY_WITHOUT_NULLS,
        /** One line; fields that are null are left out. */
        LINE
    }

    /** What is written. */
    public interface Content {
        /** Writes one object or array. */
        void writeTo(JsonWriter json) throws IOException;
    }

    /** Returns JSON with a newline at its end. */
    public static String of(Form form, Content content) {
        StringWriter text = new StringWriter(USUAL_LENGTH);
        try (JsonWriter json = new JsonWriter(text)) {
            json.setIndent(form == Form.LINE ? "" : "  ");
            json.setHtmlSafe(false);
            json.setSerializeNulls(form == Form.PRETTY);
            content.writeTo(json);
        } catch (IOException e) {
            throw new IllegalStateException("a StringWriter does not fail", e);
        }
        return escapeLoneSurrogates(text.append('\n').toString());
    }

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
