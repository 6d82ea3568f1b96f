package dev.sharedserver.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ClaimsTest {

    /** The session's references, as the product counts them. */
    private static final class World implements Claims.References {
        private final List<String> held = new ArrayList<>();

        @Override
        public boolean holds(String server) {
            return held.contains(server);
        }

        @Override
        public void drop(String server) {
            held.remove(server);
        }

        void attach(String server) {
            if (!held.contains(server)) {
                held.add(server);
            }
        }
    }

    private final World world = new World();
    private final Claims claims = new Claims(world);

    @Test
    void anAbandonedUseIsTakenBackAtOnce() throws Exception {
        Claims.Use use = claims.begin("web");
        world.attach("web");
        claims.abandoned(use);
        assertEquals(List.of(), world.held);
    }

    @Test
    void aUseThatAttachesAfterItWasAbandonedIsTakenBackInTheEnd() throws Exception {
        Claims.Use use = claims.begin("web");
        claims.abandoned(use);
        world.attach("web");
        claims.ended(use, true, true);
        assertEquals(List.of(), world.held);
    }

    @Test
    void whatTheSessionHeldBeforeItKeeps() throws Exception {
        world.attach("web");
        Claims.Use use = claims.begin("web");
        claims.abandoned(use);
        claims.ended(use, true, true);
        assertTrue(world.holds("web"));
    }

    @Test
    void aUseThatWasAnsweredStays() throws Exception {
        Claims.Use use = claims.begin("web");
        world.attach("web");
        claims.ended(use, false, true);
        assertTrue(world.holds("web"));
    }

    @Test
    void anotherUseThatIsWaitedForKeepsTheReference() throws Exception {
        Claims.Use first = claims.begin("web");
        world.attach("web");
        Claims.Use second = claims.begin("web");
        claims.abandoned(first);
        assertTrue(world.holds("web"));
        claims.ended(second, false, true);
        claims.ended(first, true, true);
        assertTrue(world.holds("web"));
    }

    @Test
    void whenTheOtherUseFailsNothingStays() throws Exception {
        Claims.Use first = claims.begin("web");
        world.attach("web");
        Claims.Use second = claims.begin("web");
        claims.abandoned(first);
        claims.ended(second, false, false);
        assertFalse(world.holds("web"));
    }

    @Test
    void aUseBegunAfterTheAbandonedOneOwesItNothing() throws Exception {
        Claims.Use first = claims.begin("web");
        claims.abandoned(first);
        Claims.Use second = claims.begin("web");
        world.attach("web");
        claims.ended(second, false, true);
        claims.ended(first, true, false);
        assertTrue(world.holds("web"));
    }

    @Test
    void itDoesNotMatterWhichOfEndAndAbandonmentIsToldFirst() throws Exception {
        Claims.Use use = claims.begin("web");
        world.attach("web");
        claims.ended(use, true, true);
        assertFalse(world.holds("web"));
        Claims.Use next = claims.begin("web");
        world.attach("web");
        claims.ended(next, false, true);
        claims.abandoned(use);
        assertTrue(world.holds("web"));
    }
}
