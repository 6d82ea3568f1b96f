package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.eclipse.lsp4j.ClientCapabilities;
import org.eclipse.lsp4j.DefinitionParams;
import org.eclipse.lsp4j.DidChangeTextDocumentParams;
import org.eclipse.lsp4j.DidOpenTextDocumentParams;
import org.eclipse.lsp4j.DocumentSymbolParams;
import org.eclipse.lsp4j.HoverParams;
import org.eclipse.lsp4j.InitializeParams;
import org.eclipse.lsp4j.InitializeResult;
import org.eclipse.lsp4j.InitializedParams;
import org.eclipse.lsp4j.MessageActionItem;
import org.eclipse.lsp4j.MessageParams;
import org.eclipse.lsp4j.Position;
import org.eclipse.lsp4j.PublishDiagnosticsParams;
import org.eclipse.lsp4j.ReferenceContext;
import org.eclipse.lsp4j.ReferenceParams;
import org.eclipse.lsp4j.RenameParams;
import org.eclipse.lsp4j.ShowMessageRequestParams;
import org.eclipse.lsp4j.TextDocumentContentChangeEvent;
import org.eclipse.lsp4j.TextDocumentIdentifier;
import org.eclipse.lsp4j.TextDocumentItem;
import org.eclipse.lsp4j.VersionedTextDocumentIdentifier;
import org.eclipse.lsp4j.WorkspaceFolder;
import org.eclipse.lsp4j.jsonrpc.Launcher;
import org.eclipse.lsp4j.launch.LSPLauncher;
import org.eclipse.lsp4j.services.LanguageClient;
import org.eclipse.lsp4j.services.LanguageServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Editors that somebody else has written: two clients of LSP4J, which knows types for all that comes, share one clangd. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
final class Lsp4jIT {

    private static final String CPP = """
        int answer() { return 42; }
        int main() { return answer() + nothing_like_it; }
        """;

    /** What is told to one client. */
    private static final class Told implements LanguageClient {
        private volatile @Nullable PublishDiagnosticsParams diagnostics;

        @Override
        public void telemetryEvent(Object event) {
            throw new AssertionError("clangd sends none: " + event);
        }

        @Override
        public void publishDiagnostics(PublishDiagnosticsParams params) {
            diagnostics = params;
        }

        @Override
        public void showMessage(MessageParams message) {
            logMessage(message);
        }

        @Override
        public CompletableFuture<MessageActionItem> showMessageRequest(ShowMessageRequestParams params) {
            return CompletableFuture.completedFuture(new MessageActionItem(""));
        }

        @Override
        public void logMessage(MessageParams message) {
            assertNotNull(message.getMessage());
        }

        boolean knows(int count) {
            PublishDiagnosticsParams last = diagnostics;
            return last != null && last.getDiagnostics().size() == count;
        }
    }

    private record Session(LanguageServer server, Told told, Process process, Future<?> listening) {}

    private static <T> T got(CompletableFuture<T> answer) throws Exception {
        return answer.get(40, TimeUnit.SECONDS);
    }

    private static Session session(Sandbox box) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Product.bin().toString(), "lsp", "connect", "--", "clangd")
                .directory(box.work().toFile())
                .redirectError(box.root().resolve("editors.err").toFile());
        builder.environment().clear();
        builder.environment().putAll(box.env());
        Process process = builder.start();
        box.atEnd(process::destroyForcibly);
        Told told = new Told();
        Launcher<LanguageServer> launcher =
                LSPLauncher.createClientLauncher(told, process.getInputStream(), process.getOutputStream());
        return new Session(launcher.getRemoteProxy(), told, process, launcher.startListening());
    }

    private static InitializeResult begin(Sandbox box, Session session, Path file) throws Exception {
        InitializeParams params = new InitializeParams();
        params.setProcessId((int) ProcessHandle.current().pid());
        params.setWorkspaceFolders(List.of(new WorkspaceFolder(Editor.uri(box.work()), "work")));
        params.setCapabilities(new ClientCapabilities());
        InitializeResult result = got(session.server().initialize(params));
        session.server().initialized(new InitializedParams());
        session.server()
                .getTextDocumentService()
                .didOpen(new DidOpenTextDocumentParams(
                        new TextDocumentItem(Editor.uri(file), "cpp", 1, Files.readString(file))));
        return result;
    }

    @Test
    void twoOfThemShareOneClangd(Sandbox box) throws Exception {
        Path file = Files.writeString(box.work().resolve("a.cpp"), CPP);
        TextDocumentIdentifier document = new TextDocumentIdentifier(Editor.uri(file));
        Position call = new Position(1, 21);
        Session one = session(box);
        Session two = session(box);
        InitializeResult result = begin(box, one, file);
        assertTrue(result.getCapabilities().getHoverProvider().getLeft());
        assertEquals(result, begin(box, two, file));
        for (Session each : List.of(one, two)) {
            var service = each.server().getTextDocumentService();
            assertTrue(got(service.hover(new HoverParams(document, call)))
                    .getContents()
                    .toString()
                    .contains("answer"));
            assertEquals(
                    0,
                    got(service.definition(new DefinitionParams(document, call)))
                            .getLeft()
                            .getFirst()
                            .getRange()
                            .getStart()
                            .getLine());
            assertEquals(
                    2,
                    got(service.references(new ReferenceParams(document, call, new ReferenceContext(true))))
                            .size());
            assertEquals(
                    2,
                    got(service.documentSymbol(new DocumentSymbolParams(document)))
                            .size());
            Until.holds(() -> each.told().knows(1), "one mistake");
        }
        // the document is one: what the first changes the second is told of, until it has it, too
        one.server()
                .getTextDocumentService()
                .didChange(new DidChangeTextDocumentParams(
                        new VersionedTextDocumentIdentifier(Editor.uri(file), 2),
                        List.of(new TextDocumentContentChangeEvent(CPP.replace(" + nothing_like_it", "")))));
        Until.holds(() -> one.told().knows(0), "no mistake any more");
        ExecutionException refused = assertThrows(
                ExecutionException.class,
                () -> got(two.server().getTextDocumentService().hover(new HoverParams(document, call))));
        assertTrue(String.valueOf(refused.getMessage()).contains("another editor has changed this document"));
        assertEquals(
                2,
                Objects.requireNonNull(
                                got(one.server()
                                                .getTextDocumentService()
                                                .rename(new RenameParams(document, call, "reply")))
                                        .getChanges()
                                        .get(Editor.uri(file)),
                                "edits of the file")
                        .size());
        for (Session each : List.of(one, two)) {
            got(each.server().shutdown());
            each.server().exit();
            assertTrue(each.process().waitFor(20, TimeUnit.SECONDS), "its bridge ends");
            assertEquals(0, each.process().exitValue());
            assertNull(each.listening().get(20, TimeUnit.SECONDS), "everything that came was understood");
        }
    }
}
