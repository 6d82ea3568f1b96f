package dev.sharedserver.dev.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class EventBusTest {

    private final EventBus bus = new EventBus();

    private static List<String> drain(Subscription subscription) throws Exception {
        List<String> all = new ArrayList<>();
        for (HubEvent event = subscription.next(0); event != null; event = subscription.next(0)) {
            all.add(event.data());
        }
        return all;
    }

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            bus.publish("e", Integer.toString(i));
        }
    }

    @Test
    void eachGetsWhatHappensWhileItIsSubscribed() throws Exception {
        publish(0, 1);
        Subscription first = bus.subscribe();
        publish(1, 2);
        Subscription second = bus.subscribe();
        publish(2, 3);
        first.close();
        publish(3, 4);
        assertEquals(List.of("1", "2"), drain(first));
        assertEquals(List.of("2", "3"), drain(second));
    }

    @Test
    void oneThatComesBackGetsWhatItMissed() throws Exception {
        Subscription before = bus.subscribe();
        publish(0, 5);
        String seen = bus.id(Objects.requireNonNull(before.next(0)));
        before.close();
        try (Subscription after = bus.subscribeAfter(seen)) {
            assertFalse(after.gap());
            publish(5, 6);
            assertEquals(List.of("1", "2", "3", "4", "5"), drain(after));
        }
    }

    @Test
    void oneThatComesBackTooLateIsToldOfTheGap() throws Exception {
        Subscription before = bus.subscribe();
        publish(0, 1);
        String seen = bus.id(Objects.requireNonNull(before.next(0)));
        before.close();
        publish(1, 3000);
        try (Subscription after = bus.subscribeAfter(seen)) {
            assertTrue(after.gap());
            List<String> got = drain(after);
            assertEquals("2999", got.getLast());
            assertEquals(2048, got.size());
        }
    }

    @Test
    void idsOfAnotherRunOrOfNobodyAreAGapWithoutReplay() throws Exception {
        Subscription other = new EventBus().subscribe();
        EventBus otherBus = new EventBus();
        Subscription others = otherBus.subscribe();
        otherBus.publish("e", "0");
        String id = otherBus.id(Objects.requireNonNull(others.next(0)));
        publish(0, 3);
        for (String seen : List.of(id, "", "x", "-1", id.replaceFirst("-.*", "-x"))) {
            try (Subscription after = bus.subscribeAfter(seen)) {
                assertTrue(after.gap(), seen);
                assertEquals(List.of(), drain(after));
            }
        }
        other.close();
    }

    @Test
    void oneThatTakesNothingIsDroppedAndSlowsNobody() throws Exception {
        Subscription slow = bus.subscribe();
        Subscription quick = bus.subscribe();
        int got = 0;
        for (int i = 0; i < 20_000; i++) {
            bus.publish("e", "x");
            got += quick.next(0) == null ? 0 : 1;
        }
        assertEquals(20_000, got);
        assertThrows(Subscription.Dropped.class, () -> slow.next(0));
    }

    @Test
    void whatIsKeptIsBoundedInBytes() throws Exception {
        String large = "x".repeat(1 << 20);
        Subscription before = bus.subscribe();
        bus.publish("e", "0");
        String seen = bus.id(Objects.requireNonNull(before.next(0)));
        before.close();
        for (int i = 0; i < 100; i++) {
            bus.publish("e", large);
        }
        try (Subscription after = bus.subscribeAfter(seen)) {
            assertTrue(after.gap());
            assertTrue(drain(after).size() <= 8);
        }
    }

    @Test
    void nextWaitsNoLongerThanItIsTold() throws Exception {
        try (Subscription subscription = bus.subscribe()) {
            assertNull(subscription.next(20));
        }
    }
}
