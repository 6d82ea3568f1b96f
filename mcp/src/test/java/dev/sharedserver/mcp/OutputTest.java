package dev.sharedserver.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class OutputTest {

    @Test
    void coloursTitlesAndBellsGoAndTextStays() {
        assertEquals("red plain", Output.plain("\u001b[1;31mred\u001b[0m plain\u0007"));
        assertEquals("ab", Output.plain("a\u001b]0;title\u0007b"));
        assertEquals("ab", Output.plain("a\u001b]8;;x\u001b\\b"));
        assertEquals("10%20%", Output.plain("10%\r20%"));
        assertEquals("a\tb\nc", Output.plain("a\tb\r\nc"));
    }

    @Test
    void aSequenceThatIsCutOffTakesNothingWithIt() {
        assertEquals("a", Output.plain("a\u001b"));
        assertEquals("a", Output.plain("a\u001b[31"));
        assertEquals("a\nb", Output.plain("a\u001b[31\nb"));
        assertEquals("a\nb", Output.plain("a\u001b]0;x\nb"));
        assertEquals("aé", Output.plain("a\u001bé"));
    }

    @Test
    void onlyTheMarkOfAMessageIsTakenOff() {
        assertEquals("Server web is not running", Output.unmarked("✗ Server web is not running\n"));
        assertEquals("sharedserver: unknown verb", Output.unmarked("sharedserver: unknown verb\n"));
    }
}
