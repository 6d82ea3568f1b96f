package dev.sharedserver.mcp;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a tool answers: the same for people (and models) and for programs.
 *
 * @param structured null if an error has nothing to add to its text
 */
record Result(String text, Json.@Nullable Obj structured, boolean error) {

    static Result of(String text, Json.Obj structured) {
        return new Result(text, structured, false);
    }

    /** The tool did not do it; not an error of the protocol, so that the model reads why. */
    static Result failed(String text) {
        return new Result(text, null, true);
    }

    Json.Obj json() {
        Json.Obj content = Json.Obj.EMPTY.with("type", "text").with("text", text);
        Json.Obj result = Json.Obj.EMPTY.with("content", new Json.Arr(List.of(content)));
        return (structured == null ? result : result.with("structuredContent", structured)).with("isError", error);
    }
}
