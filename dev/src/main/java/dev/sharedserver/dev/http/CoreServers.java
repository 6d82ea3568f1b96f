package dev.sharedserver.dev.http;

import dev.sharedserver.dev.DevServerException;
import java.io.IOException;

/** The shared servers of this user, whoever started them. Asked only while somebody looks. Thread-safe. */
public interface CoreServers {

    /** Returns those that run: JSON text of one line, an array of what {@code sharedserver info --json} says of each. */
    String list() throws DevServerException, IOException, InterruptedException;

    /** Ends a server; refused while others hold it. */
    void stop(String name) throws DevServerException, IOException, InterruptedException;
}
