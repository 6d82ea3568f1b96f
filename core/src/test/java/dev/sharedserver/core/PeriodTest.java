package dev.sharedserver.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PeriodTest {

    @ParameterizedTest
    @CsvSource({
        "0s,0",
        "30s,30000",
        "5m,300000",
        "1h30m,5400000",
        "250ms,250",
        "2d,172800000",
        "90s,90000",
        "1d2h3m4s5ms,93784005"
    })
    void durationsAreUnderstood(String text, long millis) throws InvalidInput {
        assertEquals(millis, Period.parse(text).millis());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "5",
                "s",
                "-1s",
                "+1s",
                "1.5s",
                " 5s",
                "5s ",
                "5 s",
                "5x",
                "5S",
                "1m1h",
                "1s1s",
                "99999999999999999999s",
                "9223372036854775807d",
                "106752d",
                "1h5",
                "٣s"
            })
    void anythingElseIsRefusedWithTheInputQuoted(String text) {
        String message = String.valueOf(
                assertThrows(InvalidInput.class, () -> Period.parse(text)).getMessage());
        assertTrue(message.startsWith("invalid duration '" + text + "'"), message);
    }

    @Test
    void whatIsPrintedParsesToTheSame() throws InvalidInput {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            Period period = new Period((random.nextLong() >>> 1 + random.nextInt(62)) / 1_000_000 * 1_000_000);
            assertEquals(period, Period.parse(period.toString()), "seed " + seed);
        }
    }
}
