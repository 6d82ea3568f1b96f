package dev.sharedserver.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListenersTest {

    /** Recorded: python3 -m http.server on 127.0.0.1, sshd on all addresses, a connection, one of many digits. */
    private static final String TCP = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                    \s
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 25251 1 00000000aff0a1e1 100 0 0 10 0
           1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1455 1 000000005c7c9f66 100 0 0 10 0
          22: 0100007F:1F91 0100007F:C36E 01 00000000:00000000 02:000AFC5A 00000000     0        0 31415 2 0000000000000000 20 4 30 10 -1
        1044: 0100A8C0:FFFF 00000000:0000 0A 00000000:00000000 00:00000000 00000000 4294967294   0 4294967296 1 0000000000000000 100 0 0 10 0
        """;

    private static final String TCP6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000000000000000000001000000:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 777 1 0000000000000000 100 0 0 10 0
           1: 00000000000000000000000000000000:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 778 1 0000000000000000 100 0 0 10 0
           2: 000080FE00000000FF565452BDA5D7FE:1F94 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 779 1 0000000000000000 100 0 0 10 0
        """;

    private static final byte[] IPV6_LOOPBACK = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    private final Path root;

    ListenersTest(@TempDir Path root) {
        this.root = root;
    }

    private Listeners recorded(String tcp, String tcp6) throws IOException {
        Files.createDirectories(root.resolve("net"));
        Files.writeString(root.resolve("net/tcp"), tcp, StandardCharsets.ISO_8859_1);
        Files.writeString(root.resolve("net/tcp6"), tcp6, StandardCharsets.ISO_8859_1);
        return new Listeners(root);
    }

    private static BitSet set(int... ports) {
        BitSet set = new BitSet();
        for (int port : ports) {
            set.set(port);
        }
        return set;
    }

    static boolean littleEndian() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }

    @Test
    void bothTablesCountAndOnlyTheirListeners() throws IOException {
        assertEquals(set(22, 8080, 65535, 8082, 8083, 8084), recorded(TCP, TCP6).ports());
        assertEquals(List.of(), recorded(TCP, TCP6).of(8081), "a connection is no listener");
    }

    @Test
    @EnabledIf("littleEndian")
    void aListenerHasAnAddressAUserAndASocket() throws IOException {
        Listeners listeners = recorded(TCP, TCP6);
        assertEquals(List.of(new Listeners.Listener(8080, 1000, 25251, "127.0.0.1")), listeners.of(8080));
        assertEquals(List.of(new Listeners.Listener(22, 0, 1455, "0.0.0.0")), listeners.of(22));
        assertEquals(List.of(new Listeners.Listener(65535, -2, 4294967296L, "192.168.0.1")), listeners.of(65535));
        assertEquals(List.of(new Listeners.Listener(8082, 65534, 777, "[::1]")), listeners.of(8082));
        assertEquals(List.of(new Listeners.Listener(8083, 0, 778, "[::]")), listeners.of(8083));
        assertEquals(
                "[fe80:0:0:0:5254:56ff:fed7:a5bd]", listeners.of(8084).get(0).address());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n\n\n",
                "0:",
                "0: 0100007F 0 0A 0 0 0 0 0 1\n",
                "0: 0100007F: 0 0A 0 0 0 0 0 1\n",
                "0: 0100007F:10000 0 0A 0 0 0 0 0 1\n",
                "0: 0100007F:-1 0 0A 0 0 0 0 0 1\n",
                "0: 0100007F:0000 0 0A 0 0 0 0 0 1\n",
                "0: 0100007F:1F90 0 0A 0 0 0 x 0 1\n",
                "0: 0100007F:1F90 0 0A 0 0 0 0 0 99999999999999999999\n",
                "0: 0100007F:1F90 0 0A 0 0 0 0 0\n",
                "0: 01:1F90 0 0A 0 0 0 0 0 1\n",
                "0: 0100007F:1F90 0 0A 0 0 0 0 0 1"
            })
    void whatIsNoLineIsNothing(String text) throws IOException {
        assertEquals(set(), recorded(text, text).ports());
    }

    @Test
    void aLineOfAMebibyteIsSkippedAndTheNextOneRead() throws IOException {
        String line = "0: 0100007F:1F90 0 0A 0 0 0 0 0 1";
        Listeners listeners = recorded(line + " ".repeat(1 << 20) + "\n" + line.replace("1F90", "1F91") + "\n", "");
        assertEquals(set(8081), listeners.ports());
    }

    @Test
    void aTableOfManyPiecesIsReadWhole() throws IOException {
        StringBuilder table = new StringBuilder("  sl  local_address rem_address\n");
        for (int port = 1; port < 5000; port++) {
            String hex = Integer.toHexString(0x10000 + port).substring(1);
            table.append("0: 0100007F:")
                    .append(hex)
                    .append(" 0 0A 0 0 0 0 0 1")
                    .append(" ".repeat(port % 97))
                    .append('\n');
        }
        BitSet all = new BitSet();
        all.set(1, 5000);
        assertEquals(all, recorded(table.toString(), "").ports());
    }

    @Test
    void noBytesMakeItFail() throws IOException {
        long seed = 20261121;
        Random random = new Random(seed);
        byte[] valid = TCP.getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < 2000; i++) {
            byte[] damaged = valid.clone();
            for (int n = random.nextInt(20); n >= 0; n--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Listeners listeners = recorded(new String(damaged, StandardCharsets.ISO_8859_1), "");
            BitSet ports = listeners.ports();
            for (int port = ports.nextSetBit(0); port >= 0; port = ports.nextSetBit(port + 1)) {
                assertFalse(listeners.of(port).isEmpty(), "seed " + seed + ", input " + i);
            }
        }
    }

    @Test
    void withoutTablesNobodyListens() {
        Listeners listeners = new Listeners(root.resolve("nowhere"));
        assertEquals(set(), listeners.ports());
        assertEquals(List.of(), listeners.of(80));
        assertEquals(-1, listeners.holder(1));
    }

    private void started(long pid, long startTime) throws IOException {
        String zeros = "0 ".repeat(12);
        Files.writeString(
                root.resolve(pid + "/stat"),
                pid + " (x) S 1 " + pid + " " + pid + " 0 -1 0 " + zeros + startTime + " 0".repeat(15) + " 17\n");
    }

    @Test
    void theHolderIsTheOldestProcessThatHasTheSocket() throws IOException {
        for (String process : List.of("41", "300", "5", "self", "net", "99999999999999")) {
            Files.createDirectories(root.resolve(process).resolve("fd"));
        }
        Files.createSymbolicLink(root.resolve("41/fd/3"), Path.of("socket:[77]"));
        Files.createSymbolicLink(root.resolve("300/fd/9"), Path.of("socket:[77]"));
        Files.createSymbolicLink(root.resolve("5/fd/0"), Path.of("socket:[770]"));
        Files.createSymbolicLink(root.resolve("self/fd/3"), Path.of("socket:[78]"));
        Files.writeString(root.resolve("5/fd/1"), "no link");
        Listeners listeners = new Listeners(root);
        assertEquals(41, listeners.holder(77), "the lowest, where their age is not known");
        // pids have begun anew: the child has a lower one than its parent
        started(41, 900);
        started(300, 800);
        assertEquals(300, listeners.holder(77));
        assertEquals(5, listeners.holder(770));
        assertEquals(-1, listeners.holder(78));
        assertEquals(-1, listeners.holder(0));
        assertTrue(listeners.holds(300, 77));
        assertFalse(listeners.holds(300, 770));
        assertFalse(listeners.holds(6, 77));
    }

    @Test
    void aRealSocketIsFoundWithItsProcess() throws IOException {
        Listeners listeners = new Listeners();
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            port = socket.getLocalPort();
            assertTrue(listeners.ports().get(port));
            List<Listeners.Listener> found = listeners.of(port);
            assertEquals(1, found.size());
            assertTrue(found.get(0).address().endsWith("127.0.0.1]")
                    || found.get(0).address().equals("127.0.0.1"));
            assertEquals(
                    ProcessHandle.current().pid(), listeners.holder(found.get(0).inode()));
        }
        assertEquals(List.of(), listeners.of(port));
    }

    static boolean hasIpv6() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(IPV6_LOOPBACK))) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    @EnabledIf("hasIpv6")
    void aSocketOfIpv6AloneCounts() throws IOException {
        Listeners listeners = new Listeners();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(IPV6_LOOPBACK))) {
            assertTrue(listeners.ports().get(socket.getLocalPort()));
            assertEquals("[::1]", listeners.of(socket.getLocalPort()).get(0).address());
        }
    }
}
