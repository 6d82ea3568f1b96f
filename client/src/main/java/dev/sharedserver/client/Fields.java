package dev.sharedserver.client;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a JSON object holds, by kind; what is not of that kind is as if it were not there. */
record Fields(Map<?, ?> object) {

    static Fields of(@Nullable Object value) {
        return new Fields(value instanceof Map<?, ?> object ? object : Map.of());
    }

    static List<Fields> listOf(@Nullable Object value) {
        List<Fields> all = new ArrayList<>();
        if (value instanceof List<?> list) {
            list.forEach(one -> all.add(of(one)));
        }
        return List.copyOf(all);
    }

    @Nullable
    String text(String name) {
        return object.get(name) instanceof String text ? text : null;
    }

    String text(String name, String otherwise) {
        String text = text(name);
        return text == null ? otherwise : text;
    }

    @Nullable
    Long number(String name) {
        return object.get(name) instanceof Long number ? number : null;
    }

    boolean isTrue(String name) {
        return Boolean.TRUE.equals(object.get(name));
    }

    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        if (object.get(name) instanceof List<?> list) {
            list.forEach(one -> texts.add(String.valueOf(one)));
        }
        return List.copyOf(texts);
    }

    List<Fields> objects(String name) {
        return listOf(object.get(name));
    }

    @Nullable
    Path path(String name) {
        String text = text(name);
        try {
            return text == null ? null : Path.of(text);
        } catch (InvalidPathException e) {
            return null; // bytes that this JVM's file names cannot have
        }
    }

    @Nullable
    Instant time(String name) {
        String text = text(name);
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeParseException e) {
            return null;
        }
    }
}
