package dev.sharedserver.mcp;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import java.util.List;

/**
 * A parameter of a tool.
 *
 * @param flag what it is on the command line; empty if it is something else there
 */
record Param(String name, Kind kind, String flag, String description) {

    /** What a value looks like. */
    enum Kind {
        /** A server's name; the only one that must be given. */
        NAME,
        TEXT,
        FLAG,
        /** How many, from 1 to {@link #MOST}. */
        COUNT,
        /** A list of strings, at least one. */
        WORDS,
        /** An object of strings. */
        VARIABLES,
        /** A port's number, or a word. */
        PORT
    }

    /** The most lines that are asked for at once. */
    static final int MOST = 1000;

    static final Param SERVER = new Param("name", Kind.NAME, "", "the server's name, as `list` shows it");

    boolean required() {
        return kind == Kind.NAME;
    }

    /** Returns the JSON Schema of a value. */
    Json.Obj schema() {
        Json.Obj string = Json.Obj.EMPTY.with("type", "string");
        Json.Obj schema = switch (kind) {
            case NAME -> string.with("minLength", 1);
            case TEXT -> string;
            case FLAG -> Json.Obj.EMPTY.with("type", "boolean");
            case COUNT ->
                Json.Obj.EMPTY.with("type", "integer").with("minimum", 1).with("maximum", MOST);
            case WORDS ->
                Json.Obj.EMPTY.with("type", "array").with("items", string).with("minItems", 1);
            case VARIABLES -> Json.Obj.EMPTY.with("type", "object").with("additionalProperties", string);
            case PORT -> Json.Obj.EMPTY.with("type", Json.strings(List.of("integer", "string")));
        };
        return schema.with("description", description);
    }

    /** Checks a value; the message is for who gave it. */
    void check(Json value) throws InvalidInput {
        switch (kind) {
            case NAME -> ServerName.of(text(value, "a string")); // no name is an option
            case TEXT -> text(value, "a string");
            case FLAG -> {
                if (!(value instanceof Json.Bool)) {
                    throw wrong("true or false");
                }
            }
            case COUNT -> {
                if (!(value instanceof Json.Num number) || !isCount(number.text())) {
                    throw wrong("an integer from 1 to " + MOST);
                }
            }
            case WORDS -> {
                if (!(value instanceof Json.Arr words) || words.items().isEmpty()) {
                    throw wrong("a list of strings, not empty");
                }
                for (Json word : words.items()) {
                    text(word, "a list of strings");
                }
            }
            case VARIABLES -> {
                if (!(value instanceof Json.Obj variables)) {
                    throw wrong("an object of strings");
                }
                for (Json variable : variables.fields().values()) {
                    text(variable, "an object of strings");
                }
                for (String variable : variables.fields().keySet()) {
                    noZero(variable);
                }
            }
            case PORT -> {
                if (!(value instanceof Json.Num)) {
                    text(value, "a number or \"auto\"");
                }
            }
        }
    }

    private String text(Json value, String expected) throws InvalidInput {
        if (!(value instanceof Json.Str string)) {
            throw wrong(expected);
        }
        noZero(string.value());
        return string.value();
    }

    /** No argument of a process can hold one. */
    private void noZero(String text) throws InvalidInput {
        if (text.indexOf('\0') >= 0) {
            throw new InvalidInput("argument " + Quote.of(name) + " contains a NUL character");
        }
    }

    /** Looks at the text: the value of a number may be out of all proportion. */
    private static boolean isCount(String text) {
        if (text.isEmpty() || text.length() > 4) {
            return false;
        }
        int count = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return false;
            }
            count = 10 * count + c - '0';
        }
        return count >= 1 && count <= MOST;
    }

    private InvalidInput wrong(String expected) {
        return new InvalidInput("argument " + Quote.of(name) + " must be " + expected);
    }
}
