package dev.sharedserver.lsp.mux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextTest {

    /** Lines end by LF, CR LF or CR; positions behind an end are that end; characters are UTF-16 code units. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "abc|0|1|0|2|X|aXc",
                "a_b|1|0|1|0|X|a_Xb",
                "a_b|0|5|0|9|X|aX_b",
                "a_b|7|0|9|0|X|a_bX",
                "a_b|0|1|1|0||ab",
                "a%_b|0|9|1|1|X|aX",
                "a%b%c|1|0|2|0|X|a%Xc",
                "a😀b|0|3|0|4|X|a😀X",
                "a😀b|0|1|0|3|X|aXb",
                "``|0|0|0|0|X|X"
            })
    void achangeIsMadeWhereThePositionsSay(
            String text, int line, int character, int endLine, int endCharacter, String inserted, String expected) {
        String json =
                "[{\"range\":{\"start\":{\"line\":%d,\"character\":%d},\"end\":{\"line\":%d,\"character\":%d}},\"text\":\"%s\"}]"
                        .formatted(line, character, endLine, endCharacter, inserted == null ? "" : inserted);
        JsonArray changes = JsonParser.parseString(json).getAsJsonArray();
        assertEquals(ends(expected), Text.changed(ends(text), changes, Columns.UTF_16));
    }

    /** The text is a letter, one of two bytes, one of four that is two units, and a letter. */
    @ParameterizedTest
    @CsvSource({
        "UTF_8,1,aXé😀b",
        "UTF_8,3,aéX😀b",
        "UTF_8,7,aé😀Xb",
        "UTF_8,8,aé😀bX",
        "UTF_8,99,aé😀bX",
        "UTF_8,5,aéX😀b",
        "UTF_16,2,aéX😀b",
        "UTF_16,4,aé😀Xb",
        "UTF_16,99,aé😀bX",
        "UTF_32,2,aéX😀b",
        "UTF_32,3,aé😀Xb",
        "UTF_32,4,aé😀bX"
    })
    void columnsCountWhatWasAgreedOn(Columns columns, int character, String expected) {
        String json =
                "[{\"range\":{\"start\":{\"line\":1,\"character\":%1$d},\"end\":{\"line\":1,\"character\":%1$d}},\"text\":\"X\"}]"
                        .formatted(character);
        JsonArray changes = JsonParser.parseString(json).getAsJsonArray();
        assertEquals("é\n" + expected + "\nb", Text.changed("é\naé😀b\nb", changes, columns));
    }

    private static String ends(String text) {
        return text.replace("%_", "\r\n").replace('%', '\r').replace('_', '\n');
    }
}
