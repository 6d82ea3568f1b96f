package dev.sharedserver.dev.hub;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.sharedserver.core.JsonText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * Where a hub is to be reached, for programs and for the page: {@value #NAME} of its state directory, which only its user can read.
 *
 * @param url without a path
 * @param token what a client has to know
 * @param pid the hub's
 */
public record HubFile(String url, String token, long pid) {

    /** The file's name. */
    public static final String NAME = "dev-hub.json";

    private static final long LARGEST = 64 << 10;

    /** Returns the address of the page, which takes the token from behind the #: that is not sent to anybody. */
    public String page() {
        return url + "/#token=" + token;
    }

    /** Returns the port. */
    public int port() {
        return Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
    }

    /** Writes the file. */
    public void write(Path directory) throws IOException {
        String text = JsonText.of(
                JsonText.Form.PRETTY,
                json -> json.beginObject()
                        .name("url")
                        .value(url)
                        .name("token")
                        .value(token)
                        .name("pid")
                        .value(pid)
                        .endObject());
        Path next = directory.resolve("." + NAME + ".new");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, text);
        Files.move(next, directory.resolve(NAME), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes the file, if it is of this hub. */
    public void remove(Path directory) throws IOException {
        if (equals(read(directory))) {
            Files.deleteIfExists(directory.resolve(NAME));
        }
    }

    /** Returns what a hub has written there, null if there is nothing, or something else. */
    public static @Nullable HubFile read(Path directory) {
        Path file = directory.resolve(NAME);
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > LARGEST) {
                return null;
            }
            JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            HubFile read = new HubFile(
                    json.get("url").getAsString(),
                    json.get("token").getAsString(),
                    json.get("pid").getAsLong());
            boolean whole =
                    read.url.matches("http://127\\.0\\.0\\.1:[0-9]{1,5}") && read.token.matches("[0-9a-f]{32,}");
            return whole && read.port() <= 65535 ? read : null;
        } catch (IOException
                | JsonParseException
                | IllegalStateException
                | NullPointerException
                | UnsupportedOperationException
                | NumberFormatException e) {
            return null;
        }
    }
}
