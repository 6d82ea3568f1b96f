package dev.sharedserver.lsp.hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.lsp.interpose.Attachment;
import dev.sharedserver.lsp.mux.Memory;
import dev.sharedserver.lsp.protocol.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands on disk of one server, for another hub.
 *
 * @param name as the core knows it
 * @param stamp the start time of its process
 * @param logFile null if it has none
 * @param attached null for a server of our own
 */
record OnDisk(
        String name,
        long pid,
        long stamp,
        List<String> command,
        String root,
        @Nullable String logFile,
        Memory memory,
        @Nullable Attached attached) {

    /**
     * What is known of a server that somebody else started.
     *
     * @param attachment what undoes it
     * @param editor the pid of who started it, as far as is known
     * @param inferred whether what it can do was told by a twin, not by itself
     */
    record Attached(Attachment attachment, long editor, boolean inferred) {}

    OnDisk with(Memory newer) {
        return new OnDisk(name, pid, stamp, command, root, logFile, newer, attached);
    }

    private static final String FILE = "server.json";

    void write(Path directory) throws IOException {
        JsonObject json = new JsonObject();
        json.addProperty("name", name);
        json.addProperty("pid", pid);
        json.addProperty("start_time", stamp);
        json.add("command", array(command));
        json.addProperty("root", root);
        json.add("log_file", logFile == null ? JsonNull.INSTANCE : new JsonPrimitive(logFile));
        String result = memory.initializeResult();
        json.add("initialize_result", result == null ? JsonNull.INSTANCE : new JsonPrimitive(result));
        json.addProperty("initialized", memory.initialized());
        json.add("registrations", array(memory.registrations()));
        json.add("open", array(memory.open()));
        json.add("unanswered", array(memory.unanswered()));
        json.add("folders", array(memory.folders()));
        if (attached != null) {
            json.add("attached", json(attached));
        }
        Path made = directory.resolve(FILE + ".new");
        Files.write(made, Json.bytes(Json.text(json)));
        Files.move(made, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Reads what is in a directory; null if that is nothing that can be used. */
    static @Nullable OnDisk read(Path directory) {
        try {
            JsonObject json = JsonParser.parseString(Files.readString(directory.resolve(FILE)))
                    .getAsJsonObject();
            return new OnDisk(
                    json.get("name").getAsString(),
                    json.get("pid").getAsLong(),
                    json.get("start_time").getAsLong(),
                    list(json, "command"),
                    json.get("root").getAsString(),
                    textOrNull(json, "log_file"),
                    new Memory(
                            textOrNull(json, "initialize_result"),
                            json.get("initialized").getAsBoolean(),
                            list(json, "registrations"),
                            list(json, "open"),
                            list(json, "unanswered"),
                            list(json, "folders")),
                    json.get("attached") instanceof JsonObject object ? attached(object) : null);
        } catch (IOException | JsonParseException | IllegalStateException | NullPointerException e) {
            return null; // half of a directory, or another build's
        }
    }

    private static JsonObject json(Attached attached) {
        Attachment attachment = attached.attachment();
        JsonObject json = new JsonObject();
        json.addProperty("editor", attached.editor());
        json.addProperty("inferred", attached.inferred());
        json.addProperty("stdin", attachment.stdin());
        json.addProperty("stdout", attachment.stdout());
        JsonArray swapped = new JsonArray();
        for (Attachment.Swapped one : attachment.swapped()) {
            JsonObject object = new JsonObject();
            object.addProperty("fd", one.fd());
            object.addProperty("stash", one.stash());
            object.addProperty("input", one.input());
            object.addProperty("close_on_exec", one.closeOnExec());
            object.addProperty("was", one.was());
            swapped.add(object);
        }
        json.add("swapped", swapped);
        json.addProperty("pid", attachment.pid());
        json.addProperty("start_time", attachment.startStamp());
        return json;
    }

    private static Attached attached(JsonObject json) {
        List<Attachment.Swapped> swapped = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray("swapped")) {
            JsonObject one = element.getAsJsonObject();
            swapped.add(new Attachment.Swapped(
                    one.get("fd").getAsInt(),
                    one.get("stash").getAsInt(),
                    one.get("input").getAsBoolean(),
                    one.get("close_on_exec").getAsBoolean(),
                    one.get("was").getAsString()));
        }
        return new Attached(
                new Attachment(
                        json.get("pid").getAsLong(),
                        json.get("start_time").getAsLong(),
                        json.get("stdin").getAsString(),
                        json.get("stdout").getAsString(),
                        swapped),
                json.get("editor").getAsLong(),
                json.get("inferred").getAsBoolean());
    }

    private static @Nullable String textOrNull(JsonObject json, String name) {
        return json.get(name) instanceof JsonPrimitive text ? text.getAsString() : null;
    }

    private static JsonArray array(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return array;
    }

    private static List<String> list(JsonObject json, String name) {
        List<String> texts = new ArrayList<>();
        for (JsonElement text : json.getAsJsonArray(name)) {
            texts.add(text.getAsString());
        }
        return List.copyOf(texts);
    }
}
