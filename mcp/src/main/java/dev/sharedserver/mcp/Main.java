package dev.sharedserver.mcp;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The MCP server's entry. It stands for one session of a coding agent: what the session uses is held by this process.
 *
 * <pre>
 *     Main commands|no-commands COMMAND    COMMAND is the product's; whether the client may say what is run
 *     Main rehearse                        does what costs time at the start, for the AOT cache
 * </pre>
 */
public final class Main {

    private Main() {}

    /** Serves the client at standard input and output until it is gone. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length == 1 && arguments[0].equals("rehearse")) {
            Rehearsal.run();
            return;
        }
        if (arguments.length != 2) {
            throw new IllegalArgumentException("usage: Main commands|no-commands COMMAND");
        }
        Client client = new Client(new FileOutputStream(FileDescriptor.out));
        System.setOut(System.err); // nothing else may write between messages
        Product product =
                new Product(Path.of(arguments[1]), ProcessHandle.current().pid());
        Session session = new Session(client, product, arguments[0].equals("commands"), () -> System.exit(0));
        // however it ends, but for SIGKILL, after which the agent drops the references
        Runtime.getRuntime().addShutdownHook(new Thread(session::close, "close"));
        try {
            session.run(new FileInputStream(FileDescriptor.in));
        } catch (Client.Gone e) {
            // as good as the end of its input
        }
        System.exit(0); // whatever is asked at the moment need not be answered any more
    }
}
