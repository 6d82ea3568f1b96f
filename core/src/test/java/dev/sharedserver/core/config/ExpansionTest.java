package dev.sharedserver.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExpansionTest {

    /** Splits each line at its last comma: a text, and what is expected of it. */
    private static Stream<Arguments> pairs(String... lines) {
        return Stream.of(lines).map(line -> {
            int split = line.lastIndexOf(',');
            return Arguments.of(line.substring(0, split), line.substring(split + 1));
        });
    }

    private static final Map<String, String> VARIABLES =
            Map.of("HOME", "/home/me", "EMPTY", "", "A", "1", "A_2", "2", "HOSTILE", "~/${A}$$${NOPE:-x}");

    private static Expansion.Expanded expand(String text) {
        return new Expansion(VARIABLES::get, new Expansion.Budget()).expand(text);
    }

    static Stream<Arguments> variablesAreExpandedCases() {
        return pairs(
                "plain,plain",
                "${HOME}/x,/home/me/x",
                "~/x,/home/me/x",
                "~,~",
                "~me/x,~me/x",
                "a~/x,a~/x",
                "x=~/y,x=~/y",
                "${A}${A_2},12",
                "${NOPE},${NOPE}",
                "${NOPE:-d},d",
                "${NOPE:-},",
                "${EMPTY},",
                "${EMPTY:-d},d",
                "${A:-d},1",
                "${NOPE:-${A}},1",
                "${NOPE:-${NOPE:-{x}}},{x}",
                "${NOPE:-a}b},ab}",
                "${NOPE:-$${A}},${A}",
                "$$HOME,$HOME",
                "$${HOME},${HOME}",
                "$$$${A},$${A}",
                "$$${A},$1",
                "$A,$A",
                "$,$",
                "100%$,100%$",
                "${HOME,${HOME",
                "${},${}",
                "${1},${1}",
                "${A-x},${A-x}",
                "${A B},${A B}",
                "${:-x},${:-x}");
    }

    @ParameterizedTest
    @MethodSource("variablesAreExpandedCases")
    void variablesAreExpanded(String text, String expected) {
        assertEquals(expected, expand(text).text());
    }

    @Test
    void whatAVariableHoldsIsNeverExpandedAgain() {
        assertEquals("~/${A}$$${NOPE:-x}", expand("${HOSTILE}").text());
        assertEquals("~/${A}$$${NOPE:-x}", expand("${NOPE:-${HOSTILE}}").text());
        Map<String, String> odd = Map.of("HOME", "/h/${A}/$$", "A", "1");
        assertEquals(
                "/h/${A}/$$/x/1",
                new Expansion(odd::get, new Expansion.Budget())
                        .expand("~/x/${A}")
                        .text());
    }

    @Test
    void unsetAndMalformedOnesAreNamed() {
        assertEquals(List.of("NOPE", "NO_2"), expand("${NOPE}-${A}-${NO_2}").unset());
        assertEquals(List.of(), expand("${NOPE:-x}$${NOPE}${EMPTY}").unset());
        assertEquals(List.of("${A-x}"), expand("${A-x}").malformed());
        assertEquals(List.of("${HOME"), expand("${HOME").malformed());
        assertEquals(
                List.of("HOME"),
                new Expansion(variable -> null, new Expansion.Budget())
                        .expand("~/x")
                        .unset());
    }

    @Test
    void aShortTextDoesNotBecomeAllOfMemory() {
        Expansion.Budget budget = new Expansion.Budget();
        Expansion expansion = new Expansion(Map.of("B", "b".repeat(100_000))::get, budget);
        assertFalse(expansion.expand("${B}".repeat(40)).tooLong());
        Expansion.Expanded cut = expansion.expand("${B}".repeat(30_000));
        assertTrue(cut.tooLong());
        assertTrue(cut.text().length() < 5_000_000, () -> cut.text().length() + " characters");
        assertTrue(expansion.expand("${B}").tooLong(), "the budget is the file's");
    }

    @Test
    void nestedDefaultsTakeNoTime() {
        assertTimeout(Duration.ofSeconds(60), () -> {
            expand("${N:-".repeat(25_000));
            expand("${N:-".repeat(20_000) + "}".repeat(20_000));
            expand("${N:-x}".repeat(18_000));
            expand("${".repeat(60_000));
        });
    }
}
