package dev.sharedserver.lsp.hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.sharedserver.lsp.interpose.Attachment;
import dev.sharedserver.lsp.protocol.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which descriptors of a foreign server were replaced, written down while it stands still and before they are. Its file has its
 * size, and so its room on the disk, from the beginning on; what is written is one page, which a process that is killed leaves as
 * it was or as it is to be.
 */
final class SwapRecord implements AutoCloseable {

    private static final String FILE = "swapped.json";
    private static final int PAGE = 4096;

    private final FileChannel file;

    private SwapRecord(FileChannel file) {
        this.file = file;
    }

    /** Makes an empty one in a directory. */
    static SwapRecord in(Path directory) throws IOException {
        SwapRecord record = new SwapRecord(
                FileChannel.open(directory.resolve(FILE), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        try {
            // the first time, with all that a JVM has to do then, is not while a server stands still
            record.write(List.of(new Attachment.Swapped(0, 0, true, true, "")));
            record.write(List.of());
            return record;
        } catch (IOException e) {
            record.close();
            throw e;
        }
    }

    void write(List<Attachment.Swapped> swapped) throws IOException {
        byte[] text = Json.bytes(Json.text(json(swapped)));
        ByteBuffer page = ByteBuffer.allocate(Math.max(PAGE, text.length));
        Arrays.fill(page.array(), (byte) ' ');
        page.put(0, text);
        long at = 0;
        while (page.hasRemaining()) {
            at += file.write(page, at);
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** Reads what stands in a directory; nothing, if nothing was replaced. */
    static List<Attachment.Swapped> read(Path directory) throws IOException {
        try {
            return swapped(JsonParser.parseString(Files.readString(directory.resolve(FILE)))
                    .getAsJsonArray());
        } catch (NoSuchFileException | JsonParseException e) {
            return List.of();
        }
    }

    static JsonArray json(List<Attachment.Swapped> swapped) {
        JsonArray array = new JsonArray();
        for (Attachment.Swapped one : swapped) {
            JsonObject object = new JsonObject();
            object.addProperty("fd", one.fd());
            object.addProperty("stash", one.stash());
            object.addProperty("input", one.input());
            object.addProperty("close_on_exec", one.closeOnExec());
            object.addProperty("was", one.was());
            array.add(object);
        }
        return array;
    }

    static List<Attachment.Swapped> swapped(JsonArray array) {
        List<Attachment.Swapped> swapped = new ArrayList<>();
        for (JsonElement element : array) {
            JsonObject one = element.getAsJsonObject();
            swapped.add(new Attachment.Swapped(
                    one.get("fd").getAsInt(),
                    one.get("stash").getAsInt(),
                    one.get("input").getAsBoolean(),
                    one.get("close_on_exec").getAsBoolean(),
                    one.get("was").getAsString()));
        }
        return swapped;
    }
}
