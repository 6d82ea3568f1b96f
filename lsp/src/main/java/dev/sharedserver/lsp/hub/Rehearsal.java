package dev.sharedserver.lsp.hub;

import dev.sharedserver.lsp.interpose.Interposer;
import dev.sharedserver.lsp.mux.Memory;
import dev.sharedserver.lsp.mux.Multiplexer;
import dev.sharedserver.lsp.mux.Outbox;
import dev.sharedserver.lsp.mux.Settings;
import dev.sharedserver.lsp.protocol.Deframer;
import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.lsp.protocol.PathMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Does once what the first editor waits for, without an editor and without a server: what the AOT cache is made of. */
public final class Rehearsal {

    private static final String SERVER_SAYS =
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capabilities\":{\"textDocumentSync\":1,"
                    + "\"workspace\":{\"workspaceFolders\":{\"supported\":true,\"changeNotifications\":true}}}}}";

    private static final List<String> EDITOR_SAYS = List.of(
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"processId\":1,\"rootUri\":\"file:///r\","
                + "\"capabilities\":{\"workspace\":{\"configuration\":true}}}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"initialized\",\"params\":{}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":{\"textDocument\":{\"uri\":\"file:///r/a\",\"languageId\":\"c\",\"version\":1,\"text\":\"int"
                + " x;\\n"
                + "\"}}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":\"file:///r/a\","
                + "\"version\":2},\"contentChanges\":[{\"range\":{\"start\":{\"line\":0,\"character\":4},"
                + "\"end\":{\"line\":0,\"character\":5}},\"text\":\"y\"}]}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"textDocument/hover\",\"params\":{\"textDocument\":"
                    + "{\"uri\":\"file:///r/a\"},\"position\":{\"line\":0,\"character\":4}}}");

    private Rehearsal() {}

    /** Does it. */
    public static void run() throws IOException {
        Options options = Options.parse(List.of("lsp", "connect", "--root", "/r", "--", "server", "argument"));
        try {
            Instances.name(options, "/r");
            PathMap.of(options.maps());
            talk();
        } catch (NotServed | MalformedMessage e) {
            throw new IOException(e);
        }
        new Listing(List.of(), new Interposer().candidates()).table();
        new Product(Path.of("/bin/true"), Path.of("/")).letGo(1);
    }

    private static void talk() throws MalformedMessage {
        long[] ids = {0};
        Outbox outbox = new Outbox() {
            @Override
            public void toServer(byte[] body) {
                // there is none
            }

            @Override
            public void toClient(int client, byte[] body) {
                // nor one of these
            }

            @Override
            public void end(int client, int exitCode) {
                // nobody says exit
            }
        };
        Multiplexer mux = new Multiplexer(new Settings("sharedserver", "", 1), () -> ++ids[0], Memory.EMPTY, outbox);
        mux.connected(1);
        mux.connected(2);
        for (int client = 1; client <= 2; client++) {
            Deframer deframer = new Deframer(1 << 20);
            for (String body : EDITOR_SAYS) {
                int number = client;
                byte[] bytes = Json.bytes(body);
                deframer.feed(ByteBuffer.wrap(Session.header(bytes)), whole -> {});
                deframer.feed(ByteBuffer.wrap(bytes), whole -> mux.fromClient(number, whole, 0));
                if (mux.isInitialized()) {
                    continue;
                }
                mux.fromServer(Json.bytes(SERVER_SAYS), 0);
            }
        }
        mux.fromServer(
                Json.bytes("{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\",\"params\":"
                        + "{\"uri\":\"file:///r/a\",\"diagnostics\":[]}}"),
                0);
        mux.memory();
        mux.disconnected(1);
        mux.disconnected(2);
        mux.tick(0);
    }
}
