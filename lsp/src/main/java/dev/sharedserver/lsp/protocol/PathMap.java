package dev.sharedserver.lsp.protocol;

import com.google.gson.JsonPrimitive;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says directories of an editor's machine in the words of the server's, and the other way round: each string of a body, key
 * or value, that as a whole is the file: URI of a mapped directory or of something in it. All else keeps its bytes, and so
 * does whatever stands in a field for text, and a body that is no JSON.
 */
public final class PathMap {

    private static final byte[] FILE = Json.bytes("file:");

    /** Fields whose strings are for people, or are a document's: they may say what they want. */
    private static final List<byte[]> TEXTS = List.of(
            Json.bytes("text"),
            Json.bytes("newText"),
            Json.bytes("insertText"),
            Json.bytes("textEditText"),
            Json.bytes("filterText"),
            Json.bytes("sortText"),
            Json.bytes("label"),
            Json.bytes("title"),
            Json.bytes("detail"),
            Json.bytes("message"),
            Json.bytes("documentation"),
            Json.bytes("contents"),
            Json.bytes("value"),
            Json.bytes("query"),
            Json.bytes("newName"));

    private static final byte[] ROOT_PATH = Json.bytes("rootPath");

    private record Pair(String from, String to) {}

    private final List<Pair> toServer = new ArrayList<>();
    private final List<Pair> toEditor = new ArrayList<>();

    private PathMap() {}

    /** Returns a map that knows these pairs, LOCAL=REMOTE each; of directories that lie in each other the inner counts. */
    public static PathMap of(List<String> pairs) {
        PathMap map = new PathMap();
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                String local = pair.substring(0, equals);
                String remote = pair.substring(equals + 1);
                map.toServer.add(new Pair(local, remote));
                map.toEditor.add(new Pair(remote, local));
            }
        }
        Comparator<Pair> inner = Comparator.comparingInt(pair -> -pair.from().length());
        map.toServer.sort(inner);
        map.toEditor.sort(inner);
        return map;
    }

    /** Returns what the editor says as the server is to hear it: the same array if nothing is to be changed. */
    public byte[] toServer(byte[] body) {
        return translated(body, toServer);
    }

    /** Returns what the server says as the editor is to hear it: the same array if nothing is to be changed. */
    public byte[] toEditor(byte[] body) {
        return translated(body, toEditor);
    }

    private static byte[] translated(byte[] body, List<Pair> pairs) {
        return pairs.isEmpty() ? body : new Walk(body, pairs).run();
    }

    /** One pass over a body. */
    private static final class Walk {
        private final byte[] in;
        private final List<Pair> pairs;
        private @Nullable ByteArrayOutputStream out;
        private int copied;

        /** For each object and array around: whether its strings are text. */
        private final BitSet text = new BitSet();

        private int depth;

        /** Of the member that is being read. */
        private boolean isText;

        private boolean isPath;

        Walk(byte[] in, List<Pair> pairs) {
            this.in = in;
            this.pairs = pairs;
        }

        byte[] run() {
            int i = 0;
            while (i < in.length) {
                switch (in[i]) {
                    case '"' -> {
                        int end = stringEnd(i + 1);
                        if (end < 0) {
                            return in;
                        }
                        string(i, end);
                        i = end;
                        continue;
                    }
                    case '{', '[' -> text.set(depth++, isText);
                    case '}', ']' -> {
                        depth = Math.max(0, depth - 1);
                        isText = text.get(depth);
                        isPath = false;
                    }
                    case ',' -> {
                        // an array goes on with what it is; of an object the next key tells
                        isText = depth > 0 && text.get(depth - 1);
                        isPath = false;
                    }
                    default -> {
                        // numbers, words, white space
                    }
                }
                i++;
            }
            if (out == null) {
                return in;
            }
            out.write(in, copied, in.length - copied);
            return out.toByteArray();
        }

        /** Returns the place behind the quote that ends a string; -1 if none does. */
        private int stringEnd(int begin) {
            for (int i = begin; i < in.length; i++) {
                if (in[i] == '"') {
                    return i + 1;
                }
                if (in[i] == '\\') {
                    i++;
                }
            }
            return -1;
        }

        private void string(int begin, int end) {
            boolean key = isKey(end);
            boolean wanted = isPath && !key || (key || !isText) && begins(begin + 1, FILE);
            if (wanted) {
                String said = said(begin, end);
                String now = isPath && !key ? path(said) : uri(said);
                if (now != null) {
                    replace(begin, end, now);
                }
            }
            if (key) {
                boolean around = depth > 0 && text.get(depth - 1);
                isText = around || TEXTS.stream().anyMatch(name -> isExactly(begin, end, name));
                isPath = !around && isExactly(begin, end, ROOT_PATH);
            }
        }

        private boolean isKey(int end) {
            int i = end;
            while (i < in.length && (in[i] == ' ' || in[i] == '\n' || in[i] == '\r' || in[i] == '\t')) {
                i++;
            }
            return i < in.length && in[i] == ':';
        }

        private boolean begins(int at, byte[] what) {
            if (at + what.length > in.length) {
                return false;
            }
            for (int i = 0; i < what.length; i++) {
                if (in[at + i] != what[i]) {
                    return false;
                }
            }
            return true;
        }

        private boolean isExactly(int begin, int end, byte[] name) {
            return end - begin == name.length + 2 && begins(begin + 1, name);
        }

        private String said(int begin, int end) {
            String written = new String(in, begin + 1, end - begin - 2, StandardCharsets.UTF_8);
            if (written.indexOf('\\') < 0) {
                return written;
            }
            try {
                return Json.parse('"' + written + '"') instanceof JsonPrimitive value ? value.getAsString() : "";
            } catch (MalformedMessage e) {
                return "";
            }
        }

        private void replace(int begin, int end, String value) {
            ByteArrayOutputStream to = out;
            if (to == null) {
                to = new ByteArrayOutputStream(in.length + 256);
                out = to;
            }
            to.write(in, copied, begin - copied);
            to.writeBytes(Json.bytes(Json.quote(value)));
            copied = end;
        }

        private @Nullable String path(String said) {
            for (Pair pair : pairs) {
                if (said.equals(pair.from()) || said.startsWith(pair.from() + "/")) {
                    return pair.to() + said.substring(pair.from().length());
                }
            }
            return null;
        }

        private @Nullable String uri(String said) {
            int begin = said.startsWith("file:///")
                    ? 7
                    : said.startsWith("file://localhost/") ? 16 : said.startsWith("file:/") ? 5 : -1;
            if (begin < 0 || said.startsWith("file://") && begin == 5 || hasSpace(said)) {
                return null;
            }
            for (Pair pair : pairs) {
                int end = behind(said, begin, Json.bytes(pair.from()));
                if (end >= 0) {
                    return said.substring(0, begin) + encoded(Json.bytes(pair.to())) + said.substring(end);
                }
            }
            return null;
        }

        /** A URI has no white space: what has some is text that begins like one. */
        private static boolean hasSpace(String said) {
            for (int i = 0; i < said.length(); i++) {
                if (said.charAt(i) <= ' ') {
                    return true;
                }
            }
            return false;
        }

        /** Returns where in a URI the path goes on behind a directory; -1 if it leads elsewhere. */
        private static int behind(String uri, int begin, byte[] directory) {
            int at = begin;
            int i = 0;
            while (i < directory.length) {
                if (at >= uri.length()) {
                    return -1;
                }
                if (uri.charAt(at) == '%') {
                    int value = at + 2 < uri.length() ? hex(uri.charAt(at + 1)) * 16 + hex(uri.charAt(at + 2)) : -1;
                    if (value < 0 || (byte) value != directory[i]) {
                        return -1;
                    }
                    i++;
                    at += 3;
                    continue;
                }
                int character = uri.codePointAt(at);
                at += Character.charCount(character);
                for (byte b : Json.bytes(Character.toString(character))) {
                    if (i >= directory.length || directory[i++] != b) {
                        return -1;
                    }
                }
            }
            boolean whole = at == uri.length() || "/?#".indexOf(uri.charAt(at)) >= 0;
            return whole ? at : -1;
        }

        private static int hex(char c) {
            int value = Character.digit(c, 16);
            return value < 0 ? -1000 : value;
        }

        private static String encoded(byte[] path) {
            StringBuilder text = new StringBuilder(path.length + 8);
            for (byte b : path) {
                boolean plain = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9';
                if (plain || b > 0 && "/-._~+@,=".indexOf(b) >= 0) {
                    text.append((char) b);
                } else {
                    text.append('%')
                            .append("0123456789ABCDEF".charAt(b >> 4 & 15))
                            .append("0123456789ABCDEF".charAt(b & 15));
                }
            }
            return text.toString();
        }
    }
}
