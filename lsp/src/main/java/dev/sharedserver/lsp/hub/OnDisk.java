package dev.sharedserver.lsp.hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.lsp.infer.Source;
import dev.sharedserver.lsp.interpose.Attachment;
import dev.sharedserver.lsp.interpose.Via;
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
        Limits limits,
        Memory memory,
        @Nullable Attached attached) {

    /**
     * What was said when the server came here.
     *
     * @param idle how long it stays when nobody uses it
     * @param body how large a message may be, in bytes
     */
    record Limits(String idle, int body) {}

    /**
     * What is known of a server that somebody else started.
     *
     * @param attachment what undoes it
     * @param editor the pid of who started it, as far as is known
     * @param source where what it can do is known from
     */
    record Attached(Attachment attachment, long editor, Source source) {}

    OnDisk with(Memory newer) {
        return new OnDisk(name, pid, stamp, command, root, logFile, limits, newer, attached);
    }

    /** The same server, with what was really done to it; for one that somebody else started. */
    OnDisk with(Attachment done) {
        return attached == null
                ? this
                : new OnDisk(
                        name,
                        pid,
                        stamp,
                        command,
                        root,
                        logFile,
                        limits,
                        memory,
                        new Attached(done, attached.editor(), attached.source()));
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
        json.addProperty("idle", limits.idle());
        json.addProperty("body_limit", limits.body());
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
                    new Limits(
                            json.get("idle").getAsString(),
                            json.get("body_limit").getAsInt()),
                    new Memory(
                            textOrNull(json, "initialize_result"),
                            json.get("initialized").getAsBoolean(),
                            list(json, "registrations"),
                            list(json, "open"),
                            list(json, "unanswered"),
                            list(json, "folders")),
                    json.get("attached") instanceof JsonObject object ? attached(object, directory) : null);
        } catch (IOException
                | JsonParseException
                | IllegalStateException
                | IllegalArgumentException
                | NullPointerException e) {
            return null; // half of a directory, or another build's
        }
    }

    private static JsonObject json(Attached attached) {
        Attachment attachment = attached.attachment();
        JsonObject json = new JsonObject();
        json.addProperty("editor", attached.editor());
        json.addProperty("capabilities", attached.source().name());
        json.addProperty("via", attachment.via().name());
        json.addProperty("stdin", attachment.stdin());
        json.addProperty("stdout", attachment.stdout());
        json.add("swapped", SwapRecord.json(attachment.swapped()));
        json.addProperty("pid", attachment.pid());
        json.addProperty("start_time", attachment.startStamp());
        return json;
    }

    private static Attached attached(JsonObject json, Path directory) throws IOException {
        List<Attachment.Swapped> swapped = SwapRecord.swapped(json.getAsJsonArray("swapped"));
        if (swapped.isEmpty()) {
            swapped = SwapRecord.read(directory); // a hub that was killed right after that
        }
        return new Attached(
                new Attachment(
                        json.get("pid").getAsLong(),
                        json.get("start_time").getAsLong(),
                        json.get("stdin").getAsString(),
                        json.get("stdout").getAsString(),
                        swapped,
                        Via.valueOf(json.get("via").getAsString())),
                json.get("editor").getAsLong(),
                Source.valueOf(json.get("capabilities").getAsString()));
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
