package dev.sharedserver.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuoteTest {

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "\u0007,\\x07",
                "\u001b[31m,\\x1b[31m",
                "\u009b2J,\\x9b2J",
                "\u007f,\\x7f",
                "a\u202eb,a\\u202eb",
                "a\u2066b,a\\u2066b",
                "a\u2028b,a\\u2028b",
                "\udcff,\\xff",
                "\ud800,\\ud800",
                "\udc00,\\udc00"
            })
    void whatMovesACursorOrIsNoCharacterIsEscaped(String text, String shown) {
        assertEquals(shown, Quote.escape(text));
    }

    @Test
    void linesStayLines() {
        assertEquals("a\\nb\\tc\\rd\\x00", Quote.escape("a\nb\tc\rd\0"));
    }

    @Test
    void whatIsHarmlessStaysTheSameObject() {
        String text = "ä € \ud83d\ude00 日本";
        assertSame(text, Quote.escape(text));
    }

    @Test
    void pairsStayPairsBehindSomethingEscaped() {
        assertEquals("\\x07\ud83d\ude00", Quote.escape("\u0007\ud83d\ude00"));
    }

    @Test
    void longTextIsCutButNeverInAPair() {
        String cut = Quote.of("x".repeat(199) + "\ud83d\ude00" + "y".repeat(50));
        assertEquals("'" + "x".repeat(199) + "…'", cut);
        assertEquals("'" + "x".repeat(200) + "'", Quote.of("x".repeat(200)));
        assertEquals("'" + "x".repeat(200) + "…'", Quote.of("x".repeat(201)));
    }

    @Test
    void nothingHostileIsEverLeft() {
        Random random = new Random(3);
        for (int i = 0; i < 5_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int j = random.nextInt(20); j > 0; j--) {
                text.append((char) (random.nextBoolean() ? random.nextInt(0x100) : random.nextInt(0x10000)));
            }
            String shown = Quote.escape(text.toString());
            shown.codePoints().forEach(c -> {
                assertFalse(Character.isISOControl(c), shown);
                assertTrue(Character.getType(c) != Character.SURROGATE, shown);
            });
        }
    }
}
