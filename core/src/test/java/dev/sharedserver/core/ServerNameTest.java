package dev.sharedserver.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerNameTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"web", "a", "my server", "a.b", "päckchen", "🚀", "x.server2", "log", "web@1a2b3c4d", "a;b$c"})
    void anOrdinaryNameIsTaken(String name) throws InvalidInput {
        assertEquals(name, ServerName.of(name).value());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "../x",
                "a/b",
                "/",
                ".hidden",
                "..",
                "-x",
                "@lsp",
                "a\nb",
                "a\u0000b",
                "a\u007fb",
                "x.server",
                "x.clients",
                "x.invocations",
                "x.log",
                "bad\udc80",
                "\ud800"
            })
    void aNameThatCouldBeMistakenIsRefusedWithTheReason(String name) {
        String message = String.valueOf(
                assertThrows(InvalidInput.class, () -> ServerName.of(name)).getMessage());
        assertTrue(message.startsWith("invalid server name '"), message);
        assertTrue(message.indexOf('\n') < 0 && message.indexOf(0) < 0, "control characters are escaped: " + message);
    }

    @Test
    void theLimitIsInBytes() throws InvalidInput {
        assertEquals(128, ServerName.of("x".repeat(128)).value().length());
        assertThrows(InvalidInput.class, () -> ServerName.of("x".repeat(129)));
        assertEquals(64, ServerName.of("🚀".repeat(32)).value().length());
        assertThrows(InvalidInput.class, () -> ServerName.of("🚀".repeat(33)));
    }
}
