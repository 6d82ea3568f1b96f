package dev.sharedserver.dev.event;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;

/**
 * Numbers events and gives them to all who subscribed, in order. The last ones are kept for those who come back; a subscriber
 * that does not keep up is dropped, and slows nobody.
 */
public final class EventBus {

    private static final int KEPT_EVENTS = 2048;
    private static final long KEPT_BYTES = 8 << 20;

    private final String run = UUID.randomUUID().toString().substring(0, 8);
    private final Deque<HubEvent> kept = new ArrayDeque<>();
    private final List<Subscription> subscriptions = new ArrayList<>();
    private long keptBytes;
    private long number;

    /** Publishes an event whose payload is one value. */
    public void publish(String name, String data) {
        publish(name, data, data);
    }

    /** Publishes an event; both texts are JSON of one line. */
    public synchronized void publish(String name, String data, String objectData) {
        number++;
        HubEvent event = new HubEvent(number, name, data, objectData);
        kept.add(event);
        keptBytes += event.size();
        while (kept.size() > KEPT_EVENTS || keptBytes > KEPT_BYTES && kept.size() > 1) {
            keptBytes -= kept.remove().size();
        }
        subscriptions.removeIf(subscription -> !subscription.offer(event));
    }

    /** Subscribes to what happens from now on. */
    public synchronized Subscription subscribe() {
        Subscription subscription = new Subscription(this, false);
        subscriptions.add(subscription);
        return subscription;
    }

    /**
     * Subscribes to what happened after an event. If that is too long ago, or the id is of an earlier run of the hub, the
     * subscription {@link Subscription#gap has a gap} before its first event.
     */
    public synchronized Subscription subscribeAfter(String id) {
        long last = numberOf(id);
        long oldest = kept.isEmpty() ? number + 1 : kept.getFirst().number();
        boolean known = last >= 0 && last <= number;
        Subscription subscription = new Subscription(this, !known || last + 1 < oldest);
        if (known) {
            for (HubEvent event : kept) {
                if (event.number() > last) {
                    subscription.replay(event);
                }
            }
        }
        subscriptions.add(subscription);
        return subscription;
    }

    /** Returns the id of the last event, of which nobody need have heard: what is seen from now on is at least as new. */
    public synchronized String last() {
        return run + "-" + number;
    }

    /** Returns the id of an event: none of another run of the hub is equal. */
    public String id(HubEvent event) {
        return run + "-" + event.number();
    }

    /** Returns the number of an event of this run by its id, -1 for anything else. */
    private long numberOf(String id) {
        if (!id.startsWith(run + "-")) {
            return -1;
        }
        try {
            return Long.parseLong(id, run.length() + 1, id.length(), 10);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    synchronized void remove(Subscription subscription) {
        subscriptions.remove(subscription);
    }
}
