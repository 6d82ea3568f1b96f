package dev.sharedserver.dev.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.SettingsProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsFileTest {

    private static SettingsFile in(Path configuration) {
        return SettingsFile.of(Map.of("XDG_CONFIG_HOME", configuration.toString()));
    }

    private static SettingsFile with(Path configuration, String text) throws Exception {
        SettingsFile settings = in(configuration);
        Files.createDirectories(configuration.resolve("sharedserver"));
        Files.writeString(settings.file(), text);
        return settings;
    }

    @Test
    void withoutAFileNothingIsSet(@TempDir Path configuration) {
        SettingsFile settings = in(configuration);
        assertEquals("", settings.getString(SettingsProvider.GO_PATH));
        assertNull(settings.problem());
        assertEquals(
                Path.of("/home/me/.config/sharedserver/dev-settings.json"),
                SettingsFile.of(Map.of("HOME", "/home/me", "XDG_CONFIG_HOME", "relative"))
                        .file());
    }

    @Test
    void whatIsSetIsFoundAndAChangeCountsAtOnce(@TempDir Path configuration) throws Exception {
        SettingsFile settings = with(configuration, "{\"developer.gopath\": \"/opt/go\"}");
        assertEquals("/opt/go", settings.getString(SettingsProvider.GO_PATH));
        assertEquals("", settings.getString(SettingsProvider.NODE_PATH));
        assertNull(settings.problem());
        with(configuration, "{\"developer.gopath\": \"/usr/lib/go\"}");
        assertEquals("/usr/lib/go", settings.getString(SettingsProvider.GO_PATH));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "nonsense {",
                "{\"developer.gopath\": 1}",
                "{\"developer.gopath\": null}",
                "{\"developer.gopath\": {}}",
                "{\"developer.go\": \"/opt/go\"}",
                "\u0000"
            })
    void whatIsNoSettingIsSaidWithTheFile(String text, @TempDir Path configuration) throws Exception {
        SettingsFile settings = with(configuration, text);
        assertEquals("", settings.getString(SettingsProvider.GO_PATH));
        String problem = settings.problem();
        assertNotNull(problem);
        assertTrue(problem.contains(settings.file().toString()), problem);
    }

    @Test
    void aDirectoryIsNoFile(@TempDir Path configuration) throws Exception {
        SettingsFile settings = in(configuration);
        Files.createDirectories(settings.file());
        assertNotNull(settings.problem());
    }
}
