package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import org.jspecify.annotations.Nullable;

/**
 * What a position counts within its line ({@code positionEncoding} of LSP 3.17). A server and its client agree on it in initialize;
 * clangd before version 15 had a name of its own for it, {@code offsetEncoding}, which clangd and some editors still use.
 */
public enum Columns {
    UTF_8("utf-8"),
    UTF_16("utf-16"),
    UTF_32("utf-32");

    private static final String STANDARD = "positionEncoding";
    private static final String CLANGD = "offsetEncoding";

    private final String word;

    Columns(String word) {
        this.word = word;
    }

    /** Returns its name in the protocol. */
    public String word() {
        return word;
    }

    /** Returns how many columns a character takes. */
    int of(int codePoint) {
        return switch (this) {
            case UTF_8 -> codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
            case UTF_16 -> Character.charCount(codePoint);
            case UTF_32 -> 1;
        };
    }

    /** Returns what was agreed on, by the result of initialize. */
    static Columns agreed(@Nullable JsonElement result) {
        if (result instanceof JsonObject object) {
            JsonElement standard = object.get("capabilities") instanceof JsonObject can ? can.get(STANDARD) : null;
            for (Columns one : values()) {
                if (one.isNamed(standard == null ? object.get(CLANGD) : standard)) {
                    return one;
                }
            }
        }
        return UTF_16;
    }

    private boolean isNamed(@Nullable JsonElement element) {
        return element instanceof JsonPrimitive text && text.getAsString().equals(word);
    }

    private boolean isAmong(@Nullable JsonElement offered) {
        if (offered instanceof JsonArray array) {
            for (JsonElement one : array) {
                if (isNamed(one)) {
                    return true;
                }
            }
        }
        return isNamed(offered);
    }

    private boolean isOfferedByStandard(JsonObject capabilities) {
        return capabilities.get("general") instanceof JsonObject general && isAmong(general.get("positionEncodings"));
    }

    /** Tells whether a client with these capabilities can count so. */
    boolean isOffered(JsonObject capabilities) {
        return this == UTF_16 || isOfferedByStandard(capabilities) || isAmong(capabilities.get(CLANGD));
    }

    /** Puts into a result of initialize what a client that {@link #isOffered offers} this is to know. */
    void tell(JsonObject result, JsonObject clientCapabilities) {
        result.remove(CLANGD);
        if (isAmong(clientCapabilities.get(CLANGD))) {
            result.addProperty(CLANGD, word);
        }
        if (result.get("capabilities") instanceof JsonObject can) {
            can.remove(STANDARD);
            if (isOfferedByStandard(clientCapabilities)) {
                can.addProperty(STANDARD, word);
            }
        }
    }

    /** Puts into a result of initialize what was agreed on. */
    void agree(JsonObject result) {
        result.remove(CLANGD);
        if (result.get("capabilities") instanceof JsonObject can) {
            can.addProperty(STANDARD, word);
        }
    }
}
