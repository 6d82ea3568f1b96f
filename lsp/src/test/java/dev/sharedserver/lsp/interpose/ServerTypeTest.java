package dev.sharedserver.lsp.interpose;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerTypeTest {

    @ParameterizedTest
    @CsvSource({
        "clangd, clangd, false",
        "/usr/bin/clangd-14 --background-index, clangd, false",
        "/snap/x/clangd.main, clangd, false",
        "/usr/bin/python3 /usr/bin/pylsp, pylsp, false",
        "python3.11 -m pylsp -v, pylsp, false",
        "python -W ignore -m pylsp, pylsp, false",
        "node /p/node_modules/.bin/typescript-language-server --stdio, typescript-language-server, true",
        "/usr/bin/node --max-old-space-size=3072 /p/node_modules/pyright/pyright-langserver --stdio,"
                + " pyright-langserver, true",
        "node -r hook.js /p/node_modules/bash-language-server/out/cli.js start, bash-language-server, true",
        "node /p/vscode-langservers-extracted/bin/vscode-json-language-server --stdio, vscode-json-language-server,"
                + " true",
        "rust-analyzer, rust-analyzer, false",
        "/go/bin/gopls -mode=stdio, gopls, false",
        "gopls serve, gopls, false",
        "ruff server --preview, ruff, false",
        "lua-language-server, lua-language-server, false",
        "solargraph stdio, solargraph, false",
        "ruby /gems/bin/ruby-lsp, ruby-lsp, false",
        "/jdk/bin/java -Declipse.application=org.eclipse.jdt.ls.core.id1 -jar x.jar, jdtls, false",
        "java -Xmx1G scala.meta.metals.Main, metals, false",
    })
    void serversAreKnownByTheirCommandLines(String command, String name, boolean node) {
        ServerType type = ServerType.of(List.of(command.split(" ", -1)));
        assertNotNull(type, command);
        assertEquals(new ServerType(name, node), type);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sleep 1000",
                "vim clangd.txt",
                "node",
                "node -e pylsp",
                "python3 -c pylsp",
                "node /p/node_modules/typescript-language-server/node_modules/typescript/lib/tsserver.js",
                "node /p/node_modules/typescript/lib/tsserver.js",
                "ruff check .",
                "taplo fmt",
                "gopls remote",
                "rust-analyzer analysis-stats .",
                "node /p/node_modules/pyright/index.js main.py",
                "pyright main.py",
                "java -jar server.jar",
                "bash",
            })
    void othersAreNot(String command) {
        assertNull(ServerType.of(List.of(command.split(" ", -1))));
    }

    @Test
    void aKernelThreadIsNone() {
        assertNull(ServerType.of(List.of()));
    }
}
