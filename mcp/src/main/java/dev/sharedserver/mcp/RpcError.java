package dev.sharedserver.mcp;

/** An error of JSON-RPC 2.0: the message was wrong, not what a tool did. */
record RpcError(int code, String message) {

    static final int PARSE = -32700;
    static final int REQUEST = -32600;
    static final int METHOD = -32601;
    static final int PARAMS = -32602;
    static final int INTERNAL = -32603;

    Json.Obj json() {
        return Json.Obj.EMPTY.with("code", code).with("message", message);
    }
}
