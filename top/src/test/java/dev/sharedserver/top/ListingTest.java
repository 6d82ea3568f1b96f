package dev.sharedserver.top;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ListingTest {

    @Test
    void fieldsOfOtherVersionsArePassedOver() throws IOException {
        Served server = Listing.parse("""
            [{"name": "web", "news": {"a": [1]}, "state": "active", "pid": 7, "command": ["a", "b c"],
              "started_at": 12, "refcount": 2, "clients": [
                {"pid": 8, "attached_at": "2026-01-01T00:00:00Z", "metadata": "m", "x": null},
                {"pid": null, "attached_at": "2026-01-01T00:00:00Z", "metadata": null, "hold": "hold-1"}]}]
            """).get(0);
        assertEquals("web", server.name());
        assertEquals(List.of("a", "b c"), server.command());
        assertEquals(12L, server.startedAt());
        assertEquals(8L, server.holders().get(0).pid());
        assertEquals("hold-1", server.holders().get(1).hold());
        assertNull(server.holders().get(1).metadata());
    }

    @Test
    void whatIsUnknownIsNull() throws IOException {
        Served server = Listing.parse(
                        "[{\"name\": \"x\", \"state\": \"defunct\", \"pid\": null, \"started_at\": null}]")
                .get(0);
        assertNull(server.pid());
        assertNull(server.startedAt());
    }

    @Test
    void otherTextIsAnError() {
        for (String text : List.of("", "{}", "[1]", "[{\"pid\": \"x\"}]", "[{\"name\": \"x\"")) {
            assertThrows(IOException.class, () -> Listing.parse(text), text);
        }
    }

    @Test
    void theRestOfTheGracePeriodIsFound() throws IOException {
        assertEquals(1500L, Listing.graceRemaining("{\"name\": \"x\", \"grace_remaining_ms\": 1500, \"clients\": []}"));
        assertNull(Listing.graceRemaining("{\"state\": \"stopped\", \"name\": \"x\"}"));
    }
}
