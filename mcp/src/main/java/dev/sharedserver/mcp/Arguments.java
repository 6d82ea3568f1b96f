package dev.sharedserver.mcp;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Nearest;
import dev.sharedserver.core.Quote;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a tool was called with, checked. */
record Arguments(Map<String, Json> given) {

    /** Checks what was given against what a tool takes. */
    static Arguments of(List<Param> params, Json.Obj given) throws InvalidInput {
        List<String> names = params.stream().map(Param::name).toList();
        for (String name : given.fields().keySet()) {
            if (!names.contains(name)) {
                String near = Nearest.of(name, names);
                throw new InvalidInput("unknown argument " + Quote.of(name)
                        + (near == null ? ", known are " + String.join(", ", names) : ", did you mean " + near + "?"));
            }
        }
        for (Param param : params) {
            Json value = given.get(param.name());
            if (value != null) {
                param.check(value);
            } else if (param.required()) {
                throw new InvalidInput("argument " + Quote.of(param.name()) + " is missing");
            }
        }
        return new Arguments(given.fields());
    }

    /** Returns the server's name. */
    String server() {
        String name = text("name");
        if (name == null) {
            throw new IllegalStateException("a tool without a name was asked for one");
        }
        return name;
    }

    @Nullable
    String text(String name) {
        return given.get(name) instanceof Json.Str string ? string.value() : null;
    }

    boolean flag(String name) {
        return given.get(name) instanceof Json.Bool bool && bool.value();
    }

    int count(String name, int otherwise) {
        return given.get(name) instanceof Json.Num number ? Integer.parseInt(number.text()) : otherwise;
    }

    /** Returns a list of strings; an empty one if it was not given. */
    List<String> words(String name) {
        List<String> words = new ArrayList<>();
        if (given.get(name) instanceof Json.Arr array) {
            for (Json item : array.items()) {
                if (item instanceof Json.Str word) {
                    words.add(word.value());
                }
            }
        }
        return words;
    }

    /**
     * Returns the options that a command line gets for what was given. They are one word each, {@code --flag=value}: no value
     * can be taken for an option.
     */
    List<String> options(List<Param> params) {
        List<String> options = new ArrayList<>();
        for (Param param : params) {
            if (!param.flag().isEmpty()) {
                switch (given.get(param.name())) {
                    case null -> {}
                    case Json.Str string -> options.add(param.flag() + "=" + string.value());
                    case Json.Num number -> options.add(param.flag() + "=" + number.text());
                    case Json.Bool bool -> {
                        if (bool.value()) {
                            options.add(param.flag());
                        }
                    }
                    case Json.Obj variables ->
                        variables.fields().forEach((key, value) -> {
                            if (value instanceof Json.Str text) {
                                options.add(param.flag() + "=" + key + "=" + text.value());
                            }
                        });
                    case Json.Arr words -> {}
                    case Json.Null nothing -> {}
                }
            }
        }
        return options;
    }
}
