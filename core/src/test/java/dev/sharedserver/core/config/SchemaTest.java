package dev.sharedserver.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON Schema that is shipped says what the program says. */
class SchemaTest {

    private static final Path FILE = Path.of("../dist/src/share/sharedserver/servers.schema.json");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Set<ValidationMessage> complaints(String text) throws IOException {
        JsonSchema schema =
                JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7).getSchema(Files.readString(FILE));
        return schema.validate(JSON.readTree(text));
    }

    /** What a person would have to look at: errors, and keys that are none. */
    private static List<Problem> problems(String text) {
        ConfigFile file = ConfigFile.parse("f.json", text, variable -> null);
        List<Problem> problems = new ArrayList<>(file.errors());
        for (Problem warning : file.warnings()) {
            if (warning.text().startsWith("unknown key")) {
                problems.add(warning);
            }
        }
        return problems;
    }

    private static String server(String keys) {
        return "{\"servers\": {\"web\": {\"command\": \"x\", " + keys + "}}}";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"args\": []",
                "\"args\": [\"-p\", \"${PORT:-1}\", \"\"]",
                "\"env\": {}",
                "\"env\": {\"A\": \"\", \"b.c\": \"${HOME:-x}\"}",
                "\"gracePeriod\": \"0s\"",
                "\"gracePeriod\": \"1d2h3m4s5ms\"",
                "\"gracePeriod\": \"${GRACE:-5m}\"",
                "\"logFile\": \"a.log\", \"workingDir\": \".\", \"envFile\": \"~/x\"",
                "\"metadata\": \"\"",
                "\"lazy\": true",
                "\"lazy\": false",
                "\"skipIfEnv\": \"CI\"",
                "\"dependsOn\": []",
                "\"port\": 1",
                "\"port\": 65535",
                "\"port\": \"auto\"",
                "\"port\": \"8080\"",
                "\"port\": \"${WEB_PORT:-8080}\"",
                "\"scope\": \"project\"",
                "\"ready\": {\"tcp\": 6379}",
                "\"ready\": {\"tcp\": \"localhost:6379\", \"timeout\": \"30s\"}",
                "\"ready\": {\"tcp\": \"[::1]:6379\", \"interval\": \"10ms\"}",
                "\"port\": \"auto\", \"ready\": {\"tcp\": \"${PORT}\"}",
                "\"port\": \"auto\", \"ready\": {\"http\": \"http://127.0.0.1:${PORT}/\"}",
                "\"ready\": {\"http\": \"https://example.org/health?x=1\"}",
                "\"ready\": {\"log\": \"^ready in [0-9]+ ms$\"}",
                "\"ready\": {\"exec\": \"test -e up\"}",
                "\"check\": {\"exec\": [\"test\", \"-e\", \"up\"], \"interval\": \"10s\", \"timeout\": \"1s\"}",
                "\"check\": {\"notify\": true}",
                "\"restart\": \"never\"",
                "\"restart\": \"on-failure\"",
                "\"restart\": \"always\"",
                "\"stopSignal\": \"INT\"",
                "\"stopSignal\": \"SIGUSR1\"",
                "\"stopSignal\": \"hup\"",
                "\"stopSignal\": \"Usr2\"",
                "\"stopSignal\": \"sigterm\"",
                "\"stopSignal\": \"SigVtAlrm\"",
                "\"stopSignal\": \"15\"",
                "\"stopSignal\": 64",
                "\"stopTimeout\": \"1m\""
            })
    void whatOneAcceptsTheOtherAccepts(String keys) throws IOException {
        assertEquals(List.of(), problems(server(keys)));
        assertEquals(Set.of(), complaints(server(keys)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"lazy\": true} | true",
                "{\"lazy\": true, \"gracePeriod\": \"1h\"} | true",
                "{\"lazy\": true, \"command\": \"\"} | false",
                "{\"lazy\": true, \"args\": [\"x\"]} | false",
                "{\"lazy\": false} | false",
                "{} | false"
            })
    void onlyALazyServerGoesWithoutCommand(String server, boolean good) throws IOException {
        String text = "{\"servers\": {\"web\": " + server + "}}";
        assertEquals(good, problems(text).isEmpty(), () -> problems(text).toString());
        assertEquals(good, complaints(text).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"args\": \"-p\"",
                "\"args\": [1]",
                "\"args\": [null]",
                "\"env\": []",
                "\"env\": {\"A\": 1}",
                "\"env\": {\"A=B\": \"\"}",
                "\"env\": {\"\": \"\"}",
                "\"gracePeriod\": 5",
                "\"gracePeriod\": \"\"",
                "\"gracePeriod\": \"5\"",
                "\"gracePeriod\": \"5 m\"",
                "\"gracePeriod\": \"5s1m\"",
                "\"gracePeriod\": \"-5s\"",
                "\"gracePeriod\": \"5w\"",
                "\"logFile\": 1",
                "\"logFile\": \"\"",
                "\"workingDir\": \"\"",
                "\"envFile\": [\"a\"]",
                "\"metadata\": {}",
                "\"lazy\": \"true\"",
                "\"lazy\": 1",
                "\"skipIfEnv\": \"\"",
                "\"skipIfEnv\": \"A=B\"",
                "\"dependsOn\": \"db\"",
                "\"dependsOn\": [1]",
                "\"port\": 0",
                "\"port\": 65536",
                "\"port\": -1",
                "\"port\": 80.5",
                "\"port\": \"any\"",
                "\"port\": true",
                "\"scope\": \"user\"",
                "\"scope\": 1",
                "\"ready\": {}",
                "\"ready\": {\"timeout\": \"3s\"}",
                "\"ready\": \"tcp\"",
                "\"ready\": {\"tcp\": 1, \"http\": \"http://a/\"}",
                "\"ready\": {\"tcp\": 0}",
                "\"ready\": {\"tcp\": \"localhost\"}",
                "\"ready\": {\"tcp\": \"::1:80\"}",
                "\"ready\": {\"tcp\": 1, \"port\": 1}",
                "\"ready\": {\"http\": \"ftp://a/\"}",
                "\"ready\": {\"http\": \"localhost:80\"}",
                "\"ready\": {\"log\": 5}",
                "\"ready\": {\"exec\": []}",
                "\"ready\": {\"exec\": \" \"}",
                "\"ready\": {\"exec\": [1]}",
                "\"ready\": {\"notify\": false}",
                "\"ready\": {\"tcp\": 1, \"timeout\": 3}",
                "\"check\": {\"tcp\": 1, \"interval\": \"x\"}",
                "\"restart\": \"sometimes\"",
                "\"restart\": true",
                "\"stopSignal\": \"NOPE\"",
                "\"stopSignal\": 0",
                "\"stopSignal\": 65",
                "\"stopTimeout\": \"soon\"",
                "\"comand\": \"x\""
            })
    void whatOneRefusesTheOtherRefuses(String keys) throws IOException {
        assertFalse(problems(server(keys)).isEmpty(), keys);
        assertFalse(complaints(server(keys)).isEmpty(), keys);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"servers\": {}}",
                "{\"$schema\": \"x\", \"servers\": {\"a@b\": {\"command\": \"x\"}, \"ü 1.log.x\": {\"command\":"
                        + " \"x\"}}}"
            })
    void wholeFilesAreAccepted(String text) throws IOException {
        assertEquals(List.of(), problems(text));
        assertEquals(Set.of(), complaints(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "\"x\"",
                "{\"servers\": []}",
                "{\"$schema\": 1, \"servers\": {}}",
                "{\"servers\": {}, \"server\": {}}",
                "{\"servers\": {\"web\": []}}",
                "{\"servers\": {\"web\": {}}}",
                "{\"servers\": {\"web\": {\"command\": \"\"}}}",
                "{\"servers\": {\"web\": {\"command\": [\"x\"]}}}",
                "{\"servers\": {\"\": {\"command\": \"x\"}}}",
                "{\"servers\": {\"a/b\": {\"command\": \"x\"}}}",
                "{\"servers\": {\".a\": {\"command\": \"x\"}}}",
                "{\"servers\": {\"@a\": {\"command\": \"x\"}}}",
                "{\"servers\": {\"a.log\": {\"command\": \"x\"}}}",
                "{\"servers\": {\"a\\nb\": {\"command\": \"x\"}}}"
            })
    void wholeFilesAreRefused(String text) throws IOException {
        assertFalse(problems(text).isEmpty(), text);
        assertFalse(complaints(text).isEmpty(), text);
    }

    @Test
    void theSchemaKnowsTheProgramsKeysAndDescribesEach() throws IOException {
        JsonNode schema = JSON.readTree(Files.readString(FILE));
        assertEquals(new TreeSet<>(ConfigFile.KEYS), keys(schema));
        assertEquals(new TreeSet<>(SpecReader.KEYS), keys(schema.at("/definitions/server")));
        assertEquals(new TreeSet<>(SpecReader.CONDITION_KEYS), keys(schema.at("/definitions/condition")));
    }

    private static Set<String> keys(JsonNode object) {
        Set<String> keys = new TreeSet<>();
        object.get("properties").properties().forEach(property -> {
            assertTrue(property.getValue().hasNonNull("description"), property.getKey() + " is described");
            keys.add(property.getKey());
        });
        return keys;
    }
}
