package dev.sharedserver.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is known without /proc, beside what /proc says. */
class ElsewhereTest {

    private final Proc shown = new Proc(bytes -> new String(bytes, StandardCharsets.UTF_8));
    private final Proc hidden = new Proc(Path.of("/no/proc/here"), bytes -> new String(bytes, StandardCharsets.UTF_8));

    @Test
    void aProcessIsTheSameEitherWay() throws Exception {
        Process child = new ProcessBuilder("sleep", "1000").start();
        try {
            ProcStat with = shown.stat(child.pid());
            ProcStat without = hidden.stat(child.pid());
            assertNotNull(with);
            assertNotNull(without);
            assertEquals(with.comm(), without.comm());
            assertEquals(with.ppid(), without.ppid());
            assertEquals(with.pgrp(), without.pgrp());
            assertEquals(with.nice(), without.nice());
            assertEquals(shown.uid(child.pid()), hidden.uid(child.pid()));
            List<String> argv = hidden.cmdline(child.pid());
            assertNotNull(argv);
            assertEquals(List.of("1000"), argv.subList(1, argv.size()));
            assertTrue(hidden.pids().contains(child.pid()));
            assertTrue(hidden.isProcess(child.pid()));
            assertTrue(hidden.alive(child.pid(), without.startTime()));
            assertFalse(hidden.alive(child.pid(), without.startTime() + 1));
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertNull(hidden.stat(child.pid()));
        assertFalse(hidden.isProcess(child.pid()));
    }

    @Test
    void whatIsNotKnownIsNothing() throws Exception {
        long self = ProcessHandle.current().pid();
        assertNull(hidden.environment(self));
        assertNull(hidden.cwd(self));
        assertEquals(-1, hidden.umask(self));
        assertEquals(List.of(), hidden.limits(self));
        assertEquals("", hidden.bootId());
        assertNull(hidden.bootTime());
    }
}
