package dev.sharedserver.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildTest {

    @Test
    void buildsAreOrderedByTheirVersions() {
        List<String> ascending = List.of(
                "0.0.9",
                "0.9",
                "0.10.0-SNAPSHOT (fffffff)",
                "0.10.0 (0000000)",
                "0.10.0.1",
                "0.10.1-rc1",
                "0.10.1",
                "1",
                "2.0-SNAPSHOT",
                "10.0");
        for (int i = 0; i < ascending.size(); i++) {
            for (int j = 0; j < ascending.size(); j++) {
                int order = new Build(ascending.get(i)).compareTo(new Build(ascending.get(j)));
                assertEquals(Integer.signum(i - j), Integer.signum(order), ascending.get(i) + " " + ascending.get(j));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1.0 (abc), 1.0 (def)",
        "1.0, 1.0.0",
        "1.0-a, 1.0.0-b",
        "'', 0",
        "'', (abc)",
        "x.y, 0.0",
        "99999999999999999999.1, 0.1",
        "'1..', 1.0.0"
    })
    void theCommitAndWhatIsNoNumberOrderNothing(String one, String other) {
        assertEquals(0, new Build(one).compareTo(new Build(other)));
        assertEquals(0, new Build(other).compareTo(new Build(one)));
    }

    @Test
    void anyTextIsAName() {
        for (String odd : List.of("-", ".", "-1", " ", "1.", ".1", "1.-2", "é.1", "1 2 3")) {
            assertTrue(new Build(odd).compareTo(new Build("100")) < 0, odd);
        }
    }
}
