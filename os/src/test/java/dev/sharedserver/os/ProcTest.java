package dev.sharedserver.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcTest {

    private final Proc proc = new Proc(bytes -> new String(bytes, StandardCharsets.UTF_8));

    @ParameterizedTest
    @ValueSource(strings = {"sh", "a b", ")", "a) S 1 1", "(((", "x) Z 0 0 0 0 -1 4194560 1"})
    void aNameMayHoldAnything(String name) {
        ProcStat stat = ProcStat.parse(("77 (" + name
                        + ") S 1 2 3 34816 5 4194368 7 8 9 10 11 12 13 14 20 -5 1 0 987654 1 2 18446744073709551615"
                        + " 1 2 3 4 5 6 7 8 9 10 11 12 17 0\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        assertNotNull(stat);
        assertEquals(77, stat.pid());
        assertEquals(name, stat.comm());
        assertEquals('S', stat.state());
        assertEquals(1, stat.ppid());
        assertEquals(3, stat.session());
        assertEquals(-5, stat.nice());
        assertEquals(1, stat.threads());
        assertEquals(987654, stat.startTime());
        assertTrue(stat.forkedWithoutExec());
        assertTrue(stat.isProcess());
    }

    @Test
    void aThreadIsNoProcess() throws IOException {
        long self = ProcessHandle.current().pid();
        assertTrue(proc.isProcess(self));
        long thread = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                long id = Long.parseLong(task.getFileName().toString());
                thread = id == self ? thread : id;
            }
        }
        assertNotNull(proc.stat(thread), "/proc answers for it");
        assertFalse(proc.isProcess(thread));
    }

    @Test
    void whoseAProcessIsCanBeTold() {
        long self = ProcessHandle.current().pid();
        assertTrue(proc.isOf(proc.uid(self), self));
        assertFalse(proc.isOf(proc.uid(self) + 1, self));
        assertFalse(proc.isOf(proc.uid(self), 4_194_305));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "77", "77 (x", "77 (x)", "77 (x) S", "x (y) S 1 2 3", "77 (x) S 1 2 3 4 5 6 7"})
    void whatIsNoStatIsNull(String text) {
        assertNull(ProcStat.parse(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @Test
    void ourselvesAreAliveByPidAndStampOnly() throws IOException {
        long self = ProcessHandle.current().pid();
        ProcStat stat = proc.stat(self);
        assertNotNull(stat);
        assertTrue(proc.alive(self, stat.startTime()));
        assertFalse(proc.alive(self, stat.startTime() + 1));
        assertFalse(proc.bootId().isEmpty());
        assertTrue(proc.uid(self) >= 0);
        assertEquals(0, proc.limits(self).size() % 2);
        assertTrue(proc.limits(self).size() >= 32, "16 limits, soft and hard");
    }

    @Test
    void aProcessWhoseFirstThreadHasEndedIsAlive() throws Exception {
        Process child = new ProcessBuilder("python3", "-c", """
            import ctypes, os, threading, time
            threading.Thread(target=time.sleep, args=(1000,)).start()
            ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)
            """).start();
        try {
            long limit = System.nanoTime() + 20_000_000_000L;
            ProcStat stat = proc.stat(child.pid());
            while (stat != null && stat.state() != 'Z' && System.nanoTime() < limit) {
                Thread.sleep(5);
                stat = proc.stat(child.pid());
            }
            assertNotNull(stat);
            assertEquals('Z', stat.state());
            assertEquals(2, stat.threads());
            assertTrue(proc.alive(child.pid(), stat.startTime()));
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertNull(proc.stat(child.pid()));
    }

    @Test
    void aProcessThatIsNotThereIsNull() {
        assertNull(proc.stat(4_194_305));
        assertNull(proc.exe(4_194_305));
        assertNull(proc.cmdline(4_194_305));
        assertEquals(-1, proc.uid(4_194_305));
    }
}
