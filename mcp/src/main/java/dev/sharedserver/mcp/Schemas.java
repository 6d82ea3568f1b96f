package dev.sharedserver.mcp;

import java.util.List;

/**
 * What the tools answer. They name the fields that can be relied on and allow more: the answers are those of
 * {@code --json}, which grow.
 */
final class Schemas {

    private static final Json.Obj STRING = type("string");
    private static final Json.Obj INTEGER = type("integer");
    private static final Json.Obj BOOLEAN = type("boolean");
    private static final Json.Obj STRINGS = array(STRING);

    private static final Json.Obj CLIENTS = array(type("object")
            .with(
                    "properties",
                    Json.Obj.EMPTY
                            .with("pid", orNull("integer"))
                            .with("attached_at", STRING)
                            .with("metadata", orNull("string"))));

    private static final Json.Obj SERVER = object(
            Json.Obj.EMPTY
                    .with("name", STRING)
                    .with("state", STRING)
                    .with("pid", orNull("integer"))
                    .with("command", STRINGS)
                    .with("refcount", INTEGER)
                    .with("clients", CLIENTS),
            List.of("name", "state"));

    static final Json.Obj LIST = object(
            Json.Obj.EMPTY
                    .with("servers", array(SERVER))
                    .with(
                            "configured",
                            object(
                                    Json.Obj.EMPTY
                                            .with("file", orNull("string"))
                                            .with("error", STRING)
                                            .with("servers", type("object")),
                                    List.of("file", "servers")))
                    .with("session_pid", INTEGER.with("description", "the pid that this session's references have")),
            List.of("servers", "configured", "session_pid"));

    static final Json.Obj INFO = SERVER;

    static final Json.Obj LOGS = object(
            Json.Obj.EMPTY
                    .with("name", STRING)
                    .with("text", STRING)
                    .with("lines", INTEGER)
                    .with(
                            "truncated",
                            BOOLEAN.with("description", "whether earlier lines were left out to keep it short")),
            List.of("name", "text", "lines", "truncated"));

    static final Json.Obj USE = object(
            Json.Obj.EMPTY
                    .with("action", STRING.with("description", "started, attached or rescued (from its grace period)"))
                    .with("name", STRING)
                    .with("pid", INTEGER)
                    .with("refcount", INTEGER)
                    .with("state", STRING)
                    .with("ready", BOOLEAN)
                    .with("log_file", orNull("string"))
                    .with("port", orNull("integer"))
                    .with("warnings", STRINGS),
            List.of("action", "name", "refcount"));

    static final Json.Obj DONE = object(
            Json.Obj.EMPTY
                    .with("name", STRING)
                    .with("done", STRING)
                    .with("message", STRING)
                    .with("held_by", CLIENTS.with("description", "who was in the way, if it was refused")),
            // clients hold refusals against it, too
            List.of("name"));

    static final Json.Obj WHY = object(
            Json.Obj.EMPTY.with("name", STRING).with("state", STRING).with("why", STRING), List.of("name", "why"));

    private Schemas() {}

    private static Json.Obj type(String type) {
        return Json.Obj.EMPTY.with("type", type);
    }

    private static Json.Obj orNull(String type) {
        return Json.Obj.EMPTY.with("type", Json.strings(List.of(type, "null")));
    }

    private static Json.Obj array(Json.Obj items) {
        return type("array").with("items", items);
    }

    private static Json.Obj object(Json.Obj properties, List<String> required) {
        return type("object").with("properties", properties).with("required", Json.strings(required));
    }
}
