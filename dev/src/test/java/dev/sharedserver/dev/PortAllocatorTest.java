package dev.sharedserver.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.process.GroupLedger;
import dev.sharedserver.dev.process.Ledgers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PortAllocatorTest {

    private final Path directory;

    private final GroupLedger ledger;
    private final PortAllocator ports;

    PortAllocatorTest(@TempDir Path directory) throws IOException {
        this.directory = directory;
        ledger = Ledgers.open(directory);
        ports = new PortAllocator(ledger);
    }

    @AfterEach
    void close() throws IOException {
        ledger.close();
    }

    @Test
    void aPluginKeepsItsPort() throws Exception {
        int port = ports.allocate("k8s");
        assertEquals(port, ports.allocate("k8s"));
        assertEquals(port, ports.getPort("k8s"));
        assertEquals(port, ports.releaseByPlugin("k8s"));
        assertEquals(0, ports.releaseByPlugin("k8s"));
        assertEquals(0, ports.getPort("k8s"));
        // in another run of the hub, too
        assertEquals(port, new PortAllocator(ledger).allocate("k8s"));
    }

    @Test
    void aPortThatSomebodyListensAtIsPassedOver() throws Exception {
        int port = ports.allocate("k8s");
        ports.release(port);
        for (String address : new String[] {"127.0.0.1", "0.0.0.0"}) {
            try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.ofLiteral(address))) {
                assertNotEquals(port, ports.allocate("k8s"), "taken at " + taken);
                ports.releaseByPlugin("k8s");
            }
        }
        assertEquals(port, ports.allocate("k8s"));
    }

    @Test
    void allPortsOfTheRangeAreGivenOnceAndThenItIsSaidThatThereAreNone() {
        Set<Integer> given = new HashSet<>();
        DevServerException none = assertThrows(DevServerException.class, () -> {
            for (int i = 0; i <= PortAllocator.PORT_RANGE_END - PortAllocator.PORT_RANGE_START; i++) {
                int port = ports.allocate("plugin" + i);
                assertTrue(port >= 15173 && port < 15273, "port " + port);
                assertTrue(given.add(port), "given twice: " + port);
            }
        });
        assertEquals(500, none.status());
        assertTrue(String.valueOf(none.getMessage()).contains("15173 to 15272"), none.getMessage());
        // somebody else's servers may hold some of them
        assertTrue(given.size() > 50, "only " + given.size());
    }

    @Test
    void whoServesIsRecordedWithItsStampAndWhatIsNoProcessIsNot() throws Exception {
        ports.recordPID(15173, 1);
        ports.recordPID(15173, 0);
        ports.recordPID(15173, Integer.MAX_VALUE);
        ports.savePIDs();
        assertFalse(Files.exists(directory.resolve(GroupLedger.FILE)));
        long pid = ProcessHandle.current().pid();
        ports.recordPID(15173, pid);
        String text = Files.readString(directory.resolve(GroupLedger.FILE));
        assertTrue(text.contains("\"pgid\":" + pid + ",\"stamp\":" + Ledgers.stamp(pid)), text);
        ledger.remove(pid);
    }
}
