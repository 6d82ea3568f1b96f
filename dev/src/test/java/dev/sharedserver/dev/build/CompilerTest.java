package dev.sharedserver.dev.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.BuildError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
                        compiler.text(),
                        file.isEmpty()
                                ? ""
                                : Path.of("/p").resolve(file).normalize().toString()));
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
                        error(Compiler.JAVAC, "src/A.java", 3, 10, "';' expected"),
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

    /** Of cargo 1.95. */
    @Test
    void cargoBuild() {
        assertEquals(
                List.of(
                        error(Compiler.RUSTC, "src/main.rs", 1, 5, "unresolved import `std::collections::NoSuchMap`"),
                        error(Compiler.RUSTC, "src/main.rs", 9, 26, "mismatched types")),
                errors(Compiler.RUSTC, """
                       Compiling shop v0.1.0 (/p)
                    error[E0432]: unresolved import `std::collections::NoSuchMap`
                     --> src/main.rs:1:5
                      |
                    1 | use std::collections::NoSuchMap;
                      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^ no `NoSuchMap` in `collections`

                    error[E0308]: mismatched types
                     --> src/main.rs:9:26
                      |
                    9 |     println!("{}", price("three"));
                      |                    ----- ^^^^^^^ expected `u32`, found `&str`
                      |                    |
                      |                    arguments to this function are incorrect
                      |
                    note: function defined here
                     --> src/main.rs:3:4
                      |
                    3 | fn price(cents: u32) -> String {
                      |    ^^^^^ ----------

                    Some errors have detailed explanations: E0308, E0432.
                    For more information about an error, try `rustc --explain E0308`.
                    error: could not compile `shop` (bin "shop") due to 2 previous errors
                    warning: build failed, waiting for other jobs to finish...
                     --> src/lib.rs:1:1
                    """));
        assertEquals(
                List.of(error(
                        Compiler.RUSTC,
                        "src/main.rs",
                        2,
                        13,
                        "mismatched closing delimiter: `}`: unclosed delimiter, mismatched closing delimiter")),
                errors(Compiler.RUSTC, """
                       Compiling shop v0.1.0 (/p)
                    src/main.rs:2:13: error: mismatched closing delimiter: `}`: unclosed delimiter, mismatched closing delimiter
                    error: could not compile `shop` (bin "shop") due to 1 previous error
                    """));
    }

    /** Of cargo 1.95: a build script that gives up, of a package of the developer's own and of a dependency. */
    @Test
    void cargoBuildScript() {
        String said = """
               Compiling bs v0.1.0 (/p/tools/bs)
            warning: bs@0.1.0: slow mode
            error: failed to run custom build command for `bs v0.1.0 (/p/tools/bs)`
            note: To improve backtraces for build dependencies, set the CARGO_PROFILE_DEV_BUILD_OVERRIDE_DEBUG=true environment variable to enable debug information generation.

            Caused by:
              process didn't exit successfully: `/p/target/debug/build/bs-81ed8f08835ff824/build-script-build` (exit status: 101)
              --- stdout
              cargo:warning=slow mode

              --- stderr

              thread 'main' (13415) panicked at build.rs:1:79:
              no database at 0
              stack backtrace:
                 0: __rustc::rust_begin_unwind
                           at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
                 2: build_script_build::main
              note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
            """;
        String failed = "failed to run custom build command for `bs v0.1.0 (/p/tools/bs)`: no database at 0";
        assertEquals(List.of(error(Compiler.RUSTC, "tools/bs/build.rs", 1, 79, failed)), errors(Compiler.RUSTC, said));
        assertEquals(
                List.of(error(
                        Compiler.RUSTC,
                        "",
                        0,
                        0,
                        "failed to run custom build command for `bs v0.1.0`: no database at 0")),
                errors(Compiler.RUSTC, said.replace(" (/p/tools/bs)`", "`")));
        // Rust before 1.73
        assertEquals(
                List.of(error(Compiler.RUSTC, "tools/bs/build.rs", 1, 79, failed)),
                errors(
                        Compiler.RUSTC,
                        said.replace(
                                "thread 'main' (13415) panicked at build.rs:1:79:",
                                "thread 'main' panicked at 'no database at 0', build.rs:1:79")));
    }

    /** rustc says {@code app/src/main.rs} also where the build runs in {@code app}. */
    @Test
    void cargoInAMemberOfAWorkspace(@TempDir Path workspace) throws IOException {
        Path app = workspace.resolve("app");
        Path other = workspace.resolve("price/src/lib.rs");
        for (Path file : List.of(app.resolve("src/main.rs"), app.resolve("src/own.rs"), other)) {
            Files.createDirectories(file.getParent());
            Files.createFile(file);
        }
        ErrorParser.Reader reader = Compiler.RUSTC.reader(app);
        for (String file : List.of("app/src/main.rs", "src/own.rs", "price/src/lib.rs", "none/src/lib.rs")) {
            reader.line("error: expected item");
            reader.line(" --> " + file + ":1:2");
        }
        assertEquals(
                List.of("src/main.rs", "src/own.rs", other.toString(), "none/src/lib.rs"),
                reader.errors().stream().map(BuildError::file).toList());
    }

    /** What is wrong nowhere in the sources is an error all the same; a program's own panic is none of the build's. */
    @Test
    void cargoErrorsWithoutAPlace() {
        assertEquals(
                List.of(
                        error(Compiler.RUSTC, "", 0, 0, "linker `cc` not found"),
                        error(Compiler.RUSTC, "", 0, 0, "no matching package named `nothing` found")),
                errors(Compiler.RUSTC, """
                    thread 'main' (1) panicked at src/main.rs:1:2:
                    gone
                    error: linker `cc` not found
                      |
                      = note: No such file or directory (os error 2)

                    error: could not compile `w` (bin "w") due to 1 previous error
                    error: no matching package named `nothing` found
                    location searched: crates.io index
                    """));
    }

    /** Of Maven 3.8 on JDK 17, which says everything twice. */
    @Test
    void maven() {
        BuildError symbol = error(
                Compiler.JAVAC,
                "/p/Price.java",
                5,
                5,
                "cannot find symbol\nsymbol:   class Missing\nlocation: class shop.Price");
        BuildError types = error(
                Compiler.JAVAC,
                "/p/Price.java",
                4,
                17,
                "incompatible types: java.lang.String cannot be converted to int");
        assertEquals(List.of(symbol, types, symbol, types), errors(Compiler.JAVAC, """
            [ERROR] COMPILATION ERROR :\s
            [ERROR] /p/Price.java:[5,5] cannot find symbol
              symbol:   class Missing
              location: class shop.Price
            [ERROR] /p/Price.java:[4,17] incompatible types: java.lang.String cannot be converted to int
            [ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.14.1:compile
            [ERROR] /p/Price.java:[5,5] cannot find symbol
            [ERROR]   symbol:   class Missing
            [ERROR]   location: class shop.Price
            [ERROR] /p/Price.java:[4,17] incompatible types: java.lang.String cannot be converted to int
            [ERROR] -> [Help 1]
            """));
    }

    /** Of Python 3.11: compileall, and programs that fail. */
    @Test
    void python() {
        assertEquals(
                List.of(
                        error(Compiler.PYTHON, "./a.py", 2, 0, "SyntaxError: '(' was never closed"),
                        error(
                                Compiler.PYTHON,
                                "./pkg/b.py",
                                2,
                                0,
                                "IndentationError: expected an indented block after 'if' statement on line 1"),
                        error(Compiler.PYTHON, "c.py", 2, 0, "IndentationError: unexpected indent"),
                        error(Compiler.PYTHON, "/p/e.py", 2, 0, "NameError: name 'nope' is not defined"),
                        error(
                                Compiler.PYTHON,
                                "/p/f.py",
                                2,
                                0,
                                "json.decoder.JSONDecodeError: Expecting value: line 1 column 2 (char 1)")),
                errors(Compiler.PYTHON, """
                    *** Error compiling './a.py'...
                      File "./a.py", line 2
                        x = (1,
                            ^
                    SyntaxError: '(' was never closed

                    *** Error compiling './pkg/b.py'...
                    Sorry: IndentationError: expected an indented block after 'if' statement on line 1 (b.py, line 2)
                    Sorry: IndentationError: unexpected indent (c.py, line 2)Traceback (most recent call last):
                    Traceback (most recent call last):
                      File "/p/e.py", line 3, in <module>
                        g()
                      File "/p/e.py", line 2, in g
                        return nope
                               ^^^^
                    NameError: name 'nope' is not defined
                    Traceback (most recent call last):
                      File "/p/f.py", line 2, in <module>
                        json.loads("{")
                      File "/usr/lib/python3.11/json/__init__.py", line 346, in loads
                        return _default_decoder.decode(s)
                    json.decoder.JSONDecodeError: Expecting value: line 1 column 2 (char 1)
                    """));
    }

    @Test
    void aLineOfAProjectsOwn() throws Exception {
        LinePattern own = LinePattern.of("^(?P<file>\\S+):(?P<line>\\d+): (?P<message>.*)$");
        ErrorParser.Reader reader = own.reader(Path.of("/p"));
        assertTrue(reader.line("a.lua:3: unexpected symbol"));
        assertFalse(reader.line("nothing"));
        assertEquals(
                List.of(new BuildError("a.lua", 3, 0, "unexpected symbol", new BuildError.Extra("regex", "/p/a.lua"))),
                reader.errors());
        // a hang is a finding, a slow machine is none
        ErrorParser.Reader hostile = LinePattern.of("(?P<message>(a*)*b)").reader(Path.of("/p"));
        assertFalse(assertTimeoutPreemptively(Duration.ofSeconds(20), () -> hostile.line("a".repeat(16 << 10))));
    }

    @Test
    void hostileLinesAreReadInNoTime() {
        for (Compiler compiler : Compiler.values()) {
            for (String unit : List.of(
                    "a", ":", "1:", "a:1:", "(", " ", "[ERROR] ", "-", "Sorry: (a", " File \"", "a.", "error: ")) {
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
