package dev.sharedserver.agent.supervise;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.sharedserver.core.Period;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log of which the guard takes the beginning away between two looks. */
final class LogProbeCutTest {

    private static final Period SOON = new Period(1_000_000_000L);

    @Test
    void aLineBehindACutIsFoundWhereverItStandsInTheFile(@TempDir Path directory) throws IOException {
        Path log = log(directory, "noise\n".repeat(20));
        LogProbe probe = LogProbe.from(log, 0, "^up$");
        assertNotNull(probe.fault(SOON));
        Files.writeString(log, cut(60) + "noise\n".repeat(10) + "up\n" + "noise\n".repeat(20));
        assertNull(probe.fault(SOON));
    }

    @Test
    void aLineThatWasSeenIsNotFoundAgainInAShorterFile(@TempDir Path directory) throws IOException {
        Path log = log(directory, "noise\n".repeat(40) + "up\n");
        LogProbe probe = LogProbe.atEnd(log, "^up$");
        Files.writeString(log, cut(234) + "noise\nup\n");
        assertNotNull(probe.fault(SOON));
    }

    @Test
    void whatACutTookAwayIsPassedOver(@TempDir Path directory) throws IOException {
        Path log = log(directory, "noi");
        LogProbe probe = LogProbe.from(log, 0, "^up$");
        assertNotNull(probe.fault(SOON));
        Files.writeString(log, cut(6000) + "up\n");
        assertNull(probe.fault(SOON));
    }

    private static Path log(Path directory, String text) throws IOException {
        return Files.writeString(directory.resolve("web.log"), text);
    }

    private static String cut(long bytes) {
        return "--- sharedserver: " + bytes + " bytes cut at 2026-11-21T14:00:00.000Z ---\n";
    }
}
