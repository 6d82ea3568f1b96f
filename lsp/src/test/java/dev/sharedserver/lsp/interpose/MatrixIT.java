package dev.sharedserver.lsp.interpose;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Real servers, started by an editor on all that an editor may give them, and shared with it by pid. */
class MatrixIT {

    private static final Duration GENEROUS = Duration.ofSeconds(10);

    private final Path directory;

    MatrixIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource({
        "CLANGD,pipe",
        "CLANGD,sockets",
        "CLANGD,pty",
        "PYLSP,pipe",
        "PYLSP,sockets",
        "TYPESCRIPT,pipe",
        "TYPESCRIPT,sockets",
        "PYRIGHT,pipe",
        "PYRIGHT,sockets",
        "BASH,pipe",
        "BASH,sockets",
        "BASH,pty",
    })
    void aRunningServerIsSharedWithItsEditorAndGivenBack(RealServer kind, String stdio) throws Exception {
        try (Editor editor = new Editor(directory, stdio, kind.command())) {
            Client old = editor.client();
            kind.open(old, directory);
            assertTrue(kind.says(kind.hover(old, directory), "answer"), "before");
            Target before = Target.of(editor.server());
            Interposer interposer = new Interposer();
            Candidate candidate = interposer.candidates().stream()
                    .filter(one -> one.pid() == editor.server())
                    .findFirst()
                    .orElseThrow();
            assertEquals(kind.type(), candidate.type());
            // pyright leaves the directory that it was started in
            assertEquals(
                    kind == RealServer.PYRIGHT ? null : directory.toRealPath().toString(), candidate.root());
            assertEquals(kind.node(), candidate.endsWithEditor());
            assertTrue(candidate.attachable(), String.valueOf(candidate.explanation()));

            try (Relay relay = Relay.attach(interposer, editor.server(), directory)) {
                reported(kind + " on " + stdio + ", attach", relay.interposed().pause());
                assertTrue(relay.interposed().oldClientLives());
                for (int i = 0; i < 200; i++) {
                    assertTrue(kind.says(kind.hover(relay.client(), directory), "answer"), "hover " + i);
                    if (i % 20 == 0) {
                        assertTrue(
                                kind.says(kind.hover(old, directory), "answer"), "hover of the old client beside " + i);
                    }
                }
                List<CompletableFuture<?>> both = new ArrayList<>();
                for (Client client : List.of(old, relay.client())) {
                    for (int i = 0; i < 10; i++) {
                        both.add(CompletableFuture.runAsync(() ->
                                assertTrue(kind.says(kind.hover(client, directory), "answer"), "at the same time")));
                    }
                }
                both.forEach(CompletableFuture::join);
                kind.change(relay.client(), directory, 2);
                assertTrue(kind.says(kind.hover(relay.client(), directory), "answer"), "after the change");
                relay.check();
                reported(kind + " on " + stdio + ", detach", relay.detach());
            }

            assertEquals(before.descriptors(), Target.of(editor.server()).descriptors());
            // an event loop changes its interest while it works
            Waiting.until(
                    Duration.ofSeconds(60),
                    "the same epoll registrations as before: " + before.watches(),
                    () -> before.equals(Target.of(editor.server())));
            assertTrue(kind.says(kind.hover(old, directory), "answer"), "after");
            kind.change(old, directory, 3);
            assertTrue(kind.says(kind.hover(old, directory), "answer"), "after a change of the old client");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CLANGD", "BASH"})
    void aServerOutlivesItsEditorUnlessItLooksForIt(RealServer kind) throws Exception {
        try (Editor editor = new Editor(directory, "sockets", kind.command())) {
            kind.open(editor.client(), directory, Long.toString(editor.pid()));
            try (Relay relay = Relay.attach(new Interposer(), editor.server(), directory)) {
                editor.die();
                Interposed interposed = relay.interposed();
                Waiting.until(Duration.ofSeconds(60), "the end of the editor", () -> !interposed.oldClientLives());
                if (kind.node()) {
                    // as Candidate.endsWithEditor says beforehand
                    Waiting.until(Duration.ofSeconds(60), "the end of the server", () -> !interposed.targetLives());
                } else {
                    assertTrue(kind.says(kind.hover(relay.client(), directory), "answer"), "without an editor");
                    assertTrue(interposed.targetLives());
                }
            }
        }
    }

    private static void reported(String what, Pause pause) {
        System.out.printf(
                "%s: stood still for %.1f ms (%d tasks, %d calls)%n",
                what, pause.nanos() / 1e6, pause.tasks(), pause.calls());
        assertFalse(pause.nanos() > GENEROUS.toNanos(), () -> what + ": " + pause);
    }
}
