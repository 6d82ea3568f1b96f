package dev.sharedserver.dev.project;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.build.Compiler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON Schema that is shipped says what the program says. */
final class ProjectSchemaTest {

    private static final Path FILE = Path.of("../dist/src/share/sharedserver/sharedserver-dev.schema.json");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;

    ProjectSchemaTest(@TempDir Path directory) {
        this.directory = directory;
    }

    /** Returns what the schema has to say of a file. */
    static Set<ValidationMessage> complaints(String text) throws IOException {
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7)
                .getSchema(Files.readString(FILE))
                .validate(JSON.readTree(text));
    }

    private Project read(String text) throws IOException, DevServerException {
        Files.writeString(directory.resolve(Projects.FILE), text);
        return Projects.of(directory, variable -> null);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"profile\": \"make\"}",
                "{\"profile\": \"vite+go\", \"name\": \"a.b-c_1\"}",
                "{\"$schema\": \"x\", \"name\": \"${NAME:-x}\", \"processes\": {\"a\": {\"command\": \"x\"}}}",
                "{\"processes\": {\"a\": {\"command\": [\"x\", \"\"], \"dir\": \"..\", \"env\": {\"A\": \"\"},"
                        + " \"port\": \"auto\"}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"port\": \"8080\", \"ready\": \"none\"}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"port\": \"${P:-80}\", \"ready\": {\"tcp\":"
                        + " \"${PORT}\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"port\": 65535, \"ready\": {\"tcp\": 1, \"timeout\":"
                        + " \"1m30s\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"tcp\": \"[::1]:80\", \"interval\":"
                        + " \"5ms\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"http\": \"http://127.0.0.1/\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"log\": \"^up$\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"install\": {\"command\": [\"y\"], \"missing\":"
                        + " \"z\"}}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"./src\", \"**/*.{a,b}\"], \"ignore\": [], \"command\": \"x\"}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"..x\"], \"command\": \"x\", \"parser\": \"python\", \"reload\":"
                        + " false}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"parser\": {\"regex\":"
                        + " \"(?P<message>.*)\"}}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"deploy\": {\"from\": \"a\", \"to\":"
                        + " \"/b\"}}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"timeout\": \"2h\", \"restart\":"
                        + " []}}}"
            })
    void whatOneAcceptsTheOtherAccepts(String text) throws IOException {
        assertDoesNotThrow(() -> read(text));
        assertEquals(Set.of(), complaints(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "{\"processes\": {}}",
                "{\"processes\": {}, \"builders\": {}}",
                "{\"profile\": \"custom\"}",
                "{\"profile\": \"rust\"}",
                "{\"profile\": \"vite+go\", \"processes\": {\"a\": {\"command\": \"x\"}}}",
                "{\"name\": \"a/b\", \"profile\": \"make\"}",
                "{\"name\": \"\", \"profile\": \"make\"}",
                "{\"$schema\": 1, \"profile\": \"make\"}",
                "{\"profile\": \"make\", \"nope\": 1}",
                "{\"processes\": []}",
                "{\"processes\": {\"manager\": {\"command\": \"x\"}}}",
                "{\"processes\": {\"-a\": {\"command\": \"x\"}}}",
                "{\"processes\": {\"a\": {}}}",
                "{\"processes\": {\"a\": \"x\"}}",
                "{\"processes\": {\"a\": {\"command\": []}}}",
                "{\"processes\": {\"a\": {\"command\": [\"\"]}}}",
                "{\"processes\": {\"a\": {\"command\": [1]}}}",
                "{\"processes\": {\"a\": {\"command\": \" \"}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"args\": []}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"dir\": \"\"}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"env\": {\"A=B\": \"\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"env\": {\"A\": 1}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"port\": 0}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"port\": \"any\"}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": true}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"exec\": \"x\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"tcp\": 1, \"log\": \"x\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"tcp\": \"localhost\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"http\": \"ftp://a\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"log\": \"x\", \"timeout\": 5}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"log\": \"x\", \"timeout\": \"0s\"}}}}",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"install\": {\"command\": \"y\"}}}}",
                "{\"builders\": {\"b\": {\"command\": \"x\"}}}",
                "{\"builders\": {\"b\": {\"watch\": [], \"command\": \"x\"}}}",
                "{\"builders\": {\"b\": {\"watch\": \"*\", \"command\": \"x\"}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"/x\"], \"command\": \"x\"}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"a/../b\"], \"command\": \"x\"}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"parser\": \"ada\"}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"parser\": {\"regex\": \"x\"}}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"deploy\": {\"from\": \"a\"}}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"reload\": 1}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"restart\": \"a\"}}}",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"port\": 1}}}"
            })
    void whatOneRefusesTheOtherRefuses(String text) throws IOException {
        assertThrows(DevServerException.class, () -> read(text), text);
        assertFalse(complaints(text).isEmpty(), text);
    }

    @Test
    void theSchemaKnowsTheProgramsWordsAndDescribesEach() throws IOException {
        JsonNode schema = JSON.readTree(Files.readString(FILE));
        assertKeys(ProjectFile.KEYS, schema);
        assertKeys(ProjectFile.PROCESS_KEYS, schema.at("/definitions/process"));
        assertKeys(ProjectFile.BUILDER_KEYS, schema.at("/definitions/builder"));
        assertKeys(ProjectFile.INSTALL_KEYS, schema.at("/definitions/install"));
        assertKeys(ProjectFile.READY_KEYS, schema.at("/definitions/ready/anyOf/1"));
        assertKeys(ProjectFile.DEPLOY_KEYS, schema.at("/definitions/builder/properties/deploy"));
        assertKeys(ProjectFile.PARSER_KEYS, schema.at("/definitions/builder/properties/parser/anyOf/1"));
        assertEquals(Profile.texts(), texts(schema.at("/properties/profile/enum")));
        assertEquals(
                Arrays.stream(Compiler.values()).map(Compiler::text).sorted().toList(),
                texts(schema.at("/definitions/builder/properties/parser/anyOf/0/enum")).stream()
                        .sorted()
                        .toList());
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static void assertKeys(List<String> known, JsonNode object) {
        Set<String> keys = new TreeSet<>();
        object.get("properties").properties().forEach(property -> {
            assertTrue(property.getValue().hasNonNull("description"), property.getKey() + " is described");
            keys.add(property.getKey());
        });
        assertEquals(new TreeSet<>(known), keys);
    }
}
