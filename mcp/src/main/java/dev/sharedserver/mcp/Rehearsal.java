package dev.sharedserver.mcp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Does once what every session does, without a client and without servers: what the AOT cache is made of. */
final class Rehearsal {

    private static final String MESSAGES = """
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},\
        "clientInfo":{"name":"rehearsal","version":"1"}}}
        {"jsonrpc":"2.0","method":"notifications/initialized"}
        {"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}
        {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"list","arguments":{},"_meta":{"progressToken":2}}}
        {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"info","arguments":{"name":"x"}}}
        {"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"use","arguments":{"name":"x","command":["y"]}}}
        {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}
        no JSON
        """;

    private Rehearsal() {}

    static void run() throws IOException {
        // "true" says nothing, and that is answered too
        Product product =
                new Product(Path.of("/bin/true"), ProcessHandle.current().pid());
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        Session session = new Session(new Client(answers), product, true, () -> {});
        session.run(new ByteArrayInputStream(MESSAGES.getBytes(StandardCharsets.UTF_8)));
        session.close();
        Output.plain(answers.toString(StandardCharsets.UTF_8));
    }
}
