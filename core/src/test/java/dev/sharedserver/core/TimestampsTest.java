package dev.sharedserver.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimestampsTest {

    @Test
    void whatIsWrittenIsReadToTheMicrosecond() throws InvalidInput {
        Instant at = Instant.parse("2026-11-21T04:12:09.123456789Z");
        assertEquals("2026-11-21T04:12:09.123456Z", Timestamps.format(at));
        assertEquals(Instant.parse("2026-11-21T04:12:09.123456Z"), Timestamps.parse(Timestamps.format(at)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-0001-12-31T23:59:59Z",
                "0000-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999999Z",
                "+10000-01-01T00:00:00Z",
                "-1000000000-01-01T00:00:00Z",
                "+1000000000-12-31T23:59:59.999999999Z"
            })
    void noInstantMakesATextThatCannotBeReadBack(String text) throws InvalidInput {
        Instant at = Instant.parse(text);
        String written = Timestamps.format(at);
        assertTrue(Timestamps.isFormatted(written), written);
        assertEquals(written, Timestamps.format(Timestamps.parse(written)));
        boolean early = at.isBefore(Instant.parse("0000-01-01T00:00:00Z"));
        boolean late = at.isAfter(Instant.parse("9999-12-31T23:59:59.999999Z"));
        assertEquals(early, written.equals("0000-01-01T00:00:00.000000Z") && !text.startsWith("0000"));
        assertEquals(late, written.equals("9999-12-31T23:59:59.999999Z") && !text.startsWith("9999"));
    }

    @Test
    void anyTimeOfTheseYearsComesBack() throws InvalidInput {
        Random random = new Random(7);
        for (int i = 0; i < 5_000; i++) {
            long second = random.nextLong(-62_167_219_200L, 253_402_300_800L);
            Instant at = Instant.ofEpochSecond(second, random.nextInt(1_000_000) * 1000L);
            assertEquals(at, Timestamps.parse(Timestamps.format(at)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        // java.time has no leap seconds: it is the last second before
        "2016-12-31T23:59:60Z, 2016-12-31T23:59:59Z",
        "2026-11-21T04:12:09Z, 2026-11-21T04:12:09Z",
        "2026-11-21T06:12:09+02:00, 2026-11-21T04:12:09Z"
    })
    void otherSpellingsAreRead(String text, String meaning) throws InvalidInput {
        assertEquals(Instant.parse(meaning), Timestamps.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "now",
                "2026-11-21",
                "2026-11-21T04:12:61Z",
                "2026-02-30T00:00:00Z",
                "+10000-01-01T00:00:00Z",
                "-0001-01-01T00:00:00Z",
                "2026-11-21T04:12:09",
                "\0"
            })
    void whatIsNoTimeIsRefused(String text) {
        assertThrows(InvalidInput.class, () -> Timestamps.parse(text));
    }
}
