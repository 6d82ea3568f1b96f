package dev.sharedserver.mcp;

/** What a client sends (JSON-RPC 2.0, as MCP narrows it). */
sealed interface Message {

    /** Wants an answer. */
    record Request(Json id, String method, Json.Obj params) implements Message {}

    /** Wants none. */
    record Notification(String method, Json.Obj params) implements Message {}

    /** Answers a request of ours, of which there are none. */
    record Response() implements Message {}

    /** Is none of these; {@code id} is null where it cannot be told. */
    record Invalid(Json id, RpcError error) implements Message {}

    /** Reads a line. */
    static Message of(String line) {
        Json value;
        try {
            value = Json.parse(line);
        } catch (Json.Malformed e) {
            return new Invalid(new Json.Null(), new RpcError(RpcError.PARSE, "parse error: " + e.getMessage()));
        }
        return switch (value) {
            case Json.Obj object -> of(object);
            case Json.Arr batch -> invalid(new Json.Null(), "batches are not taken: one message a line");
            case Json.Str s -> invalid(new Json.Null(), "a message is an object");
            case Json.Num n -> invalid(new Json.Null(), "a message is an object");
            case Json.Bool b -> invalid(new Json.Null(), "a message is an object");
            case Json.Null n -> invalid(new Json.Null(), "a message is an object");
        };
    }

    private static Message of(Json.Obj message) {
        Json id = message.get("id");
        boolean identified = id instanceof Json.Str || id instanceof Json.Num;
        Json known = identified && id != null ? id : new Json.Null();
        if (!(message.get("jsonrpc") instanceof Json.Str version)
                || !version.value().equals("2.0")) {
            return invalid(known, "\"jsonrpc\" is not \"2.0\"");
        }
        Json method = message.get("method");
        if (method == null && (message.get("result") != null || message.get("error") != null)) {
            return new Response();
        }
        if (!(method instanceof Json.Str name)) {
            return invalid(known, "\"method\" is no string");
        }
        Json params = message.get("params");
        Json.Obj given = Json.Obj.EMPTY;
        if (params instanceof Json.Obj object) {
            given = object;
        } else if (params != null) {
            return new Invalid(known, new RpcError(RpcError.PARAMS, "\"params\" is no object"));
        }
        if (id == null) {
            return new Notification(name.value(), given);
        }
        return identified
                ? new Request(id, name.value(), given)
                : invalid(known, "\"id\" is neither string nor number");
    }

    private static Invalid invalid(Json id, String why) {
        return new Invalid(id, new RpcError(RpcError.REQUEST, "invalid request: " + why));
    }
}
