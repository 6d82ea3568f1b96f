package dev.sharedserver.agent.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortChoiceTest {

    private static final BitSet FREE = new BitSet();

    private static int choose(String key, BitSet taken, Map<Integer, String> chosen) {
        Integer port = PortChoice.choose(key, taken, chosen);
        assertNotNull(port);
        assertTrue(port >= PortChoice.FIRST && port < PortChoice.FIRST + PortChoice.COUNT, port + " is in the range");
        return port;
    }

    @Test
    void theSameServerHasTheSamePortInEveryVersion() {
        assertEquals(29_832, choose("web\0/home/me/shop", FREE, Map.of()));
        assertEquals(29_335, choose("web\0/home/me/shop-2", FREE, Map.of()));
        assertEquals(31_333, choose("cache\0/home/me/shop", FREE, Map.of()));
    }

    @Test
    void keysThatAreAlikeAreSpread() {
        Set<Integer> ports = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            ports.add(choose("web\0/home/me/shop-" + i, FREE, Map.of()));
        }
        // of 1,000 random ones among 12,768, about 962 differ
        assertTrue(ports.size() > 930, ports.size() + " different ports");
    }

    @Test
    void twoServersOfTheSameHashGetTwoPorts() {
        Map<Integer, String> byPort = new HashMap<>();
        String first = null;
        String second = "";
        for (int i = 0; first == null; i++) {
            second = "web\0/" + i;
            first = byPort.put(choose(second, FREE, Map.of()), second);
        }
        int port = choose(first, FREE, Map.of());
        assertEquals(port, choose(second, FREE, Map.of()));
        int other = choose(second, FREE, Map.of(port, first));
        assertNotEquals(port, other);
        assertEquals(port, choose(first, FREE, Map.of(port, first, other, second)), "each keeps its own");
        assertEquals(other, choose(second, FREE, Map.of(port, first, other, second)), "each keeps its own");
    }

    @Test
    void everyPortIsTriedBeforeItIsGivenUp() {
        BitSet taken = new BitSet();
        for (int i = 0; i < PortChoice.COUNT; i++) {
            taken.set(choose("web\0/", taken, Map.of()));
        }
        assertEquals(PortChoice.COUNT, taken.cardinality());
        assertNull(PortChoice.choose("web\0/", taken, Map.of()));
    }
}
