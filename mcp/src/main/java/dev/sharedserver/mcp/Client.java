package dev.sharedserver.mcp;

import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** The way to the client: one message a line, whole ones, from any thread. */
final class Client {
    private final OutputStream out;

    Client(OutputStream out) {
        this.out = out;
    }

    /** Whoever closed the other end has no more questions. */
    static final class Gone extends IOException {
        private static final long serialVersionUID = 1L;

        Gone(IOException cause) {
            super("the client has closed our standard output", cause);
        }
    }

    void answer(Json id, Json.Obj result) throws Gone {
        send(Json.Obj.EMPTY.with("jsonrpc", "2.0").with("id", id).with("result", result));
    }

    void refuse(Json id, RpcError error) throws Gone {
        // what others wrote may stand in it
        RpcError safe = new RpcError(error.code(), Quote.escape(error.message()));
        send(Json.Obj.EMPTY.with("jsonrpc", "2.0").with("id", id).with("error", safe.json()));
    }

    void tell(String method, Json.Obj params) throws Gone {
        send(Json.Obj.EMPTY.with("jsonrpc", "2.0").with("method", method).with("params", params));
    }

    private void send(Json.Obj message) throws Gone {
        byte[] line = (message.line() + "\n").getBytes(StandardCharsets.UTF_8);
        synchronized (out) {
            try {
                out.write(line);
                out.flush();
            } catch (IOException e) {
                throw new Gone(e);
            }
        }
    }
}
