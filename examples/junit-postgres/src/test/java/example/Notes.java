package example;

import dev.sharedserver.client.Lease;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes down which JVM has used which server, for whoever wants to see that it is one: {@code target/servers.txt}. */
final class Notes {

    private Notes() {}

    static void of(Class<?> test, Lease lease) throws IOException {
        long age = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
        String line = test.getSimpleName() + ": java " + Runtime.version().feature() + " of pid "
                + ProcessHandle.current().pid() + " uses " + lease.name() + " of pid " + lease.pid() + ", "
                + (lease.started() ? "started for it" : "found") + ", " + age + " ms after the start of this JVM\n";
        Files.writeString(
                Path.of("target", "servers.txt"), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
