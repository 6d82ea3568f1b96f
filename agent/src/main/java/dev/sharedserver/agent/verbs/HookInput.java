package dev.sharedserver.agent.verbs;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;

/**
 * What Claude Code tells its hooks, as far as we need it. What is missing, or cannot be understood, is empty: a session
 * gets its servers all the same.
 *
 * @param cwd the session's working directory
 * @param reason why a session ends
 */
record HookInput(String cwd, String reason) {

    static final HookInput NOTHING = new HookInput("", "");

    static HookInput parse(String text) {
        String cwd = "";
        String reason = "";
        try (JsonReader json = new JsonReader(new StringReader(text))) {
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                boolean string = json.peek() == JsonToken.STRING;
                if (string && name.equals("cwd")) {
                    cwd = json.nextString();
                } else if (string && name.equals("reason")) {
                    reason = json.nextString();
                } else {
                    json.skipValue();
                }
            }
        } catch (IOException | IllegalStateException e) {
            // cut off or no JSON at all: what came before holds
        }
        return new HookInput(cwd.indexOf('\0') < 0 ? cwd : "", reason);
    }
}
