package dev.sharedserver.dev.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.SettingsProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ToolsTest {

    private final Path directory;

    ToolsTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private Path command(String path) throws IOException {
        Path file = directory.resolve(path);
        Files.createDirectories(file.getParent());
        Files.createFile(file);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    private Tools tools(Map<String, String> settings) {
        return new Tools(key -> settings.getOrDefault(key, ""), directory.resolve("a") + "::" + directory.resolve("b"));
    }

    @Test
    void theFirstOfPathCounts() throws Exception {
        Files.createDirectories(directory.resolve("a/go"));
        Path go = command("b/go");
        assertEquals(go, tools(Map.of()).find("go", SettingsProvider.GO_PATH));
    }

    @Test
    void aSettingCountsMoreWhetherItNamesTheCommandOrItsDirectory() throws Exception {
        command("b/go");
        Path go = command("sdk/bin/go");
        for (Path value : List.of(go, directory.resolve("sdk/bin"), directory.resolve("sdk"))) {
            assertEquals(
                    go,
                    tools(Map.of(SettingsProvider.GO_PATH, value.toString())).find("go", SettingsProvider.GO_PATH));
        }
    }

    @Test
    void theSettingOfPnpmSaysNothingOfNpm() throws Exception {
        Path npm = command("b/npm");
        Path pnpm = command("sdk/pnpm");
        Tools tools = tools(Map.of(SettingsProvider.PNPM_PATH, pnpm.toString()));
        assertEquals(npm, tools.find("npm", SettingsProvider.PNPM_PATH));
        assertEquals(pnpm, tools.find("pnpm", SettingsProvider.PNPM_PATH));
    }

    @Test
    void whatIsNowhereIsAProblemWithAnAction() {
        DevServerException problem =
                assertThrows(DevServerException.class, () -> tools(Map.of()).find("go", SettingsProvider.GO_PATH));
        assertEquals("omniview:settings/missing-config", problem.type());
    }

    @Test
    void theDirectoriesOfToolsComeFirstInPath() {
        assertEquals(
                "/x/bin:" + directory.resolve("a") + ":" + directory.resolve("b"),
                tools(Map.of()).path(List.of(Path.of("/x/bin/npm"), Path.of("/x/bin/node"))));
    }

    @ParameterizedTest
    @CsvSource({
        "pnpm-lock.yaml, PNPM",
        "bun.lock, BUN",
        "bun.lockb, BUN",
        "yarn.lock, YARN",
        "package-lock.json, NPM",
        "npm-shrinkwrap.json, NPM",
        "none, NPM"
    })
    void theLockFileNamesThePackageManager(String file, PackageManager expected) throws Exception {
        Files.createFile(directory.resolve(file));
        assertEquals(expected, PackageManager.of(directory));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {"packageManager": "yarn@4.1.0"} | YARN
        {"packageManager": "pnpm"}       | PNPM
        {"packageManager": "pnpmx@1"}    | NPM
        {"packageManager": 7}            | NPM
        []                               | NPM
        {                                | NPM
        """)
    void elsePackageJsonDoes(String json, PackageManager expected) throws Exception {
        Files.writeString(directory.resolve("package.json"), json);
        assertEquals(expected, PackageManager.of(directory));
    }

    @Test
    void onlyNpmNeedsDashesBeforeTheFlagsOfAScript() {
        List<String> flags = List.of("--port", "1");
        assertEquals(
                List.of("/b/npm", "run", "dev", "--", "--port", "1"),
                PackageManager.NPM.run(Path.of("/b/npm"), "dev", flags));
        assertEquals(
                List.of("/b/pnpm", "run", "dev", "--port", "1"),
                PackageManager.PNPM.run(Path.of("/b/pnpm"), "dev", flags));
    }
}
