package dev.sharedserver.lsp.interpose;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Messages as the protocol frames them. */
final class Frames {

    private Frames() {}

    /** Reads a message; null at the end. */
    static byte @Nullable [] read(InputStream in) throws IOException {
        int length = -1;
        StringBuilder line = new StringBuilder();
        while (true) {
            int one = in.read();
            if (one < 0) {
                if (line.isEmpty() && length < 0) {
                    return null;
                }
                throw new EOFException("in a header: " + line);
            }
            if (one != '\n') {
                line.append((char) one);
                continue;
            }
            String header = line.toString().trim();
            line.setLength(0);
            if (header.isEmpty()) {
                byte[] body = in.readNBytes(length);
                if (body.length < length) {
                    throw new EOFException("in a message");
                }
                return body;
            }
            if (header.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(header.substring(15).trim());
            } else if (!header.toLowerCase(java.util.Locale.ROOT).startsWith("content-type:")) {
                throw new IOException("no header: " + header);
            }
        }
    }

    static byte[] framed(byte[] body) {
        byte[] header = ("Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] all = java.util.Arrays.copyOf(header, header.length + body.length);
        System.arraycopy(body, 0, all, header.length, body.length);
        return all;
    }

    static void write(OutputStream out, byte[] body) throws IOException {
        out.write(framed(body));
        out.flush();
    }

    static JsonObject json(byte[] body) {
        return JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
    }
}
