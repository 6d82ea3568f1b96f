package dev.sharedserver.dev.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.sharedserver.dev.BuildError;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CompilerTest {

    private static List<BuildError> errors(Compiler compiler, String output) {
        ErrorParser.Reader reader = compiler.reader(Path.of("/p"));
        output.lines().forEach(reader::line);
        return reader.errors();
    }

    private static BuildError error(Compiler compiler, String file, int line, int column, String message) {
        return new BuildError(
                file,
                line,
                column,
                message,
                new BuildError.Extra(
                        compiler.text(), Path.of("/p").resolve(file).normalize().toString()));
    }

    @Test
    void go() {
        assertEquals(
                List.of(
                        error(Compiler.GO, "pkg/main.go", 5, 2, "undefined: x"),
                        error(
                                Compiler.GO,
                                "pkg/main.go",
                                7,
                                9,
                                "not enough arguments in call to f\nhave ()\nwant (int)"),
                        error(Compiler.GO, "./pkg/a.go", 3, 8, "package nope is not in GOROOT (/usr/lib/go/src/nope)"),
                        error(Compiler.GO, "go.mod", 4, 0, "unknown directive: requires")),
                errors(Compiler.GO, """
                    go: downloading example.com/x v1.0.0
                    # example.com/plugin/pkg
                    pkg/main.go:5:2: undefined: x
                    pkg/main.go:7:9: not enough arguments in call to f
                    \thave ()
                    \twant (int)
                    ./pkg/a.go:3:8: package nope is not in GOROOT (/usr/lib/go/src/nope)
                    go.mod:4: unknown directive: requires
                    """));
    }

    @Test
    void javac() {
        assertEquals(
                List.of(
                        error(Compiler.JAVAC, "src/A.java", 3, 0, "';' expected"),
                        error(Compiler.JAVAC, "/q/B.java", 10, 4, "cannot find symbol")),
                errors(Compiler.JAVAC, """
                    src/A.java:3: error: ';' expected
                        int x
                             ^
                    src/A.java:9: warning: [deprecation] f() in X has been deprecated
                    [ERROR] /q/B.java:[10,4] cannot find symbol
                    [ERROR] Failed to execute goal
                    1 error
                    """));
    }

    @Test
    void tsc() {
        assertEquals(
                List.of(
                        error(
                                Compiler.TSC,
                                "src/a.ts",
                                3,
                                7,
                                "TS2322: Type 'string' is not assignable to type 'number'."),
                        error(Compiler.TSC, "src/b.tsx", 1, 2, "TS1005: ';' expected.")),
                errors(Compiler.TSC, """
                    src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.
                    src/b.tsx:1:2 - error TS1005: ';' expected.
                    Found 2 errors.
                    """));
    }

    @Test
    void rustc() {
        assertEquals(
                List.of(
                        error(Compiler.RUSTC, "src/main.rs", 2, 18, "mismatched types"),
                        error(Compiler.RUSTC, "src/lib.rs", 1, 1, "expected item")),
                errors(Compiler.RUSTC, """
                    warning: unused variable: `y`
                     --> src/main.rs:1:5
                    error[E0308]: mismatched types
                     --> src/main.rs:2:18
                      |
                    2 |     let x: i32 = "a";
                    error: expected item
                     --> src/lib.rs:1:1
                    error: could not compile `a` due to 2 previous errors
                    """));
    }

    @Test
    void gcc() {
        assertEquals(
                List.of(
                        error(Compiler.GCC, "a.c", 3, 5, "'x' undeclared (first use in this function)"),
                        error(Compiler.GCC, "a.c", 1, 10, "no.h: No such file or directory")),
                errors(Compiler.GCC, """
                    a.c: In function 'main':
                    a.c:3:5: error: 'x' undeclared (first use in this function)
                    a.c:3:5: note: each undeclared identifier is reported only once
                    a.c:4:1: warning: control reaches end of non-void function
                    a.c:1:10: fatal error: no.h: No such file or directory
                    """));
    }

    @Test
    void hostileLinesAreReadInNoTime() {
        for (Compiler compiler : Compiler.values()) {
            for (String unit : List.of("a", ":", "1:", "a:1:", "(", " ", "[ERROR] ", "-")) {
                String line = unit.repeat((16 << 10) / unit.length());
                // a hang is a finding, a slow machine is none
                assertTimeoutPreemptively(Duration.ofSeconds(20), () -> errors(compiler, line + "\n" + line));
            }
        }
    }

    @Test
    void numbersBeyondAllFilesAreNotSaid() {
        assertEquals(List.of(error(Compiler.GO, "a.go", 0, 1, "x")), errors(Compiler.GO, "a.go:99999999999:1: x"));
    }
}
