package dev.sharedserver.dev.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GlobTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "src | src/a/b.c | true",
                "src | src | true",
                "src/ | src/a | true",
                "./src | src/a | true",
                "src | srcs | false",
                "*.go | a.go | true",
                "*.go | pkg/a.go | false",
                "**/*.go | a.go | true",
                "**/*.go | pkg/x/a.go | true",
                "**/*.go | a.gox | false",
                "src/** | src/a/b | true",
                "src/** | srcs/a | false",
                "a/**/b | a/b | true",
                "a/**/b | a/x/y/b | true",
                "a/**/b | a/xb | false",
                "*.{c,h} | a.h | true",
                "*.{c,h} | a.ch | false",
                "a?c | abc | true",
                "a?c | a/c | false",
                "a.c | abc | false",
                "a+(b) | a+(b) | true"
            })
    void matches(String glob, String path, boolean does) throws Exception {
        assertEquals(does, Glob.of(glob).matches(Path.of(path)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "src/main/** | src | true",
                "src/main/** | src/main/x | true",
                "src/main/** | test | false",
                "src/main/** | src/test | false",
                "src/main | src | true",
                "src/main | src/main/x | true",
                "**/*.c | any/where | true",
                "*.c | any | false",
                "src/*/x.c | src/a | true",
                "src/*/x.c | src/a/b | false"
            })
    void leadsOnlyIntoDirectoriesThatCanHaveWhatIsMeant(String glob, String directory, boolean does) throws Exception {
        assertEquals(does, Glob.of(glob).leadsInto(Path.of(directory)));
    }

    @Test
    void aHostileOneIsReadInNoTime() {
        // a hang is a finding, a slow machine is none
        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertFalse(Glob.of("**/".repeat(200) + "x").matches(Path.of("a/".repeat(500) + "y"))));
    }
}
