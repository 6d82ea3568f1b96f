package dev.sharedserver.lsp.mux;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A document that clients have open, as the server sees it, and as each of them does. */
final class Document {

    /** How many earlier versions of a client's are kept, to translate answers that are about them. */
    private static final int REMEMBERED = 32;

    /** As the server was told it. */
    final String uri;

    private final String key;
    String text;

    /** The version that the server was told last. */
    long version;

    final Map<Integer, View> views = new LinkedHashMap<>();

    /** A client's view of the document. */
    static final class View {

        /** As the client spells it. */
        String uri;

        String text;
        long version;
        boolean stale;

        /** Whether it is only believed that the client has it open, with this text; its version is not known. */
        boolean assumed;

        /** What the client calls the versions of the server. */
        private final Map<Long, Long> versions = new LinkedHashMap<>();

        View(String uri, String text, long version) {
            this.uri = uri;
            this.text = text;
            this.version = version;
        }

        /** Notes that what the client calls {@link #version} is what the server knows as {@code serverVersion}. */
        void isNow(long serverVersion) {
            if (assumed) {
                return;
            }
            versions.remove(serverVersion);
            versions.put(serverVersion, version);
            if (versions.size() > REMEMBERED) {
                versions.remove(versions.keySet().iterator().next());
            }
        }

        /** Returns what the client calls a version of the server's; null if it never had that text. */
        @Nullable
        Long versionOf(long serverVersion) {
            return versions.get(serverVersion);
        }
    }

    Document(String uri, String text, long version) {
        this.uri = uri;
        this.key = Uris.key(uri);
        this.text = text;
        this.version = version;
    }

    /** Returns what all spellings of its URI have in common. */
    String key() {
        return key;
    }

    /** Returns the number of the client that has had it open for longest. */
    int owner() {
        return views.keySet().iterator().next();
    }

    /** Takes over a client's text: it is the server's now, and who has another one is stale. */
    void becomes(View newest) {
        text = newest.text;
        version = Math.max(version + 1, newest.version);
        for (View view : views.values()) {
            view.stale = view != newest && !view.text.equals(text);
            if (!view.stale) {
                view.isNow(version);
            }
        }
    }
}
