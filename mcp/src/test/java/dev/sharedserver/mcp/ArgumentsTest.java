package dev.sharedserver.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sharedserver.core.InvalidInput;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ArgumentsTest {

    private static final List<Param> PARAMS = List.of(
            Param.SERVER,
            new Param("words", Param.Kind.WORDS, "", ""),
            new Param("count", Param.Kind.COUNT, "-n", ""),
            new Param("grep", Param.Kind.TEXT, "--grep", ""),
            new Param("env", Param.Kind.VARIABLES, "--env", ""),
            new Param("force", Param.Kind.FLAG, "--even-if-used", ""),
            new Param("port", Param.Kind.PORT, "--port", ""));

    @Test
    void valuesCanNeverBecomeOptions() throws Exception {
        Arguments arguments = read(
                "{\"name\":\"web\",\"grep\":\"--pid\",\"env\":{\"A\":\"--x=y\",\"B\":\"\"},\"force\":true,\"port\":\"auto\"}");
        assertEquals(
                List.of("--grep=--pid", "--env=A=--x=y", "--env=B=", "--even-if-used", "--port=auto"),
                arguments.options(PARAMS));
        assertEquals(List.of(), read("{\"name\":\"web\",\"force\":false}").options(PARAMS));
    }

    @Test
    void whatIsWrongIsNamed() {
        wrong("{}", "argument 'name' is missing");
        wrong("{\"nmae\":\"web\"}", "unknown argument 'nmae', did you mean name?");
        wrong("{\"name\":1}", "argument 'name' must be a string");
        wrong("{\"name\":null}", "argument 'name' must be a string");
        wrong("{\"name\":\"a\\u0000b\"}", "argument 'name' contains a NUL character");
        wrong("{\"name\":\"--help\"}", "invalid server name '--help': it starts with '-'");
        wrong("{\"name\":\"web\",\"words\":\"ls -l\"}", "argument 'words' must be a list of strings, not empty");
        wrong("{\"name\":\"web\",\"words\":[]}", "argument 'words' must be a list of strings, not empty");
        wrong("{\"name\":\"web\",\"words\":[\"a\",1]}", "argument 'words' must be a list of strings");
        wrong("{\"name\":\"web\",\"env\":{\"a\":1}}", "argument 'env' must be an object of strings");
        wrong("{\"name\":\"web\",\"env\":{\"a\\u0000\":\"\"}}", "argument 'env' contains a NUL character");
        wrong("{\"name\":\"web\",\"force\":\"true\"}", "argument 'force' must be true or false");
        wrong("{\"name\":\"web\",\"port\":true}", "argument 'port' must be a number or \"auto\"");
    }

    @Test
    void aCountIsReadAsItIsWrittenWhateverItsSize() throws Exception {
        assertEquals(1000, read("{\"name\":\"web\",\"count\":1000}").count("count", 1));
        assertEquals(7, read("{\"name\":\"web\"}").count("count", 7));
        for (String count : List.of("0", "1001", "-1", "1.0", "1e3", "1e999999999", "\"5\"", "99999999999999999999")) {
            wrong("{\"name\":\"web\",\"count\":" + count + "}", "argument 'count' must be an integer from 1 to 1000");
        }
    }

    private static Arguments read(String json) throws Exception {
        return Arguments.of(PARAMS, (Json.Obj) Json.parse(json));
    }

    private static void wrong(String json, String message) {
        assertEquals(message, assertThrows(InvalidInput.class, () -> read(json)).getMessage());
    }
}
