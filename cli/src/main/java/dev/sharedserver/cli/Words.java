package dev.sharedserver.cli;

import java.util.ArrayList;
import java.util.List;

/** What can stand where on a command line, read off the table of verbs: what the completions of all shells have in common. */
final class Words {

    private Words() {}

    /** What is to be typed somewhere. */
    sealed interface Slot {
        /** A server's name; several of them if {@code many}. */
        record Name(boolean many) implements Slot {}

        /** One of some words. */
        record OneOf(List<String> words) implements Slot {}

        /** A verb. */
        record AnyVerb() implements Slot {}

        /** A file's path. */
        record File() implements Slot {}

        /** A directory's path. */
        record Directory() implements Slot {}

        /** Something that nobody can guess, or nothing. */
        record Other() implements Slot {}
    }

    static List<Verb> visible() {
        List<Verb> verbs = new ArrayList<>();
        for (Verb verb : Verb.values()) {
            if (!verb.hidden()) {
                verbs.add(verb);
            }
        }
        return verbs;
    }

    /** Returns the word that several verbs have in front, or an empty string: {@code admin}. */
    static String group(Verb verb) {
        int space = verb.words().indexOf(' ');
        return space < 0 ? "" : verb.words().substring(0, space);
    }

    /** Returns the last word of a verb. */
    static String last(Verb verb) {
        return verb.words().substring(verb.words().indexOf(' ') + 1);
    }

    static List<String> groups() {
        List<String> groups = new ArrayList<>();
        for (Verb verb : visible()) {
            if (!group(verb).isEmpty() && !groups.contains(group(verb))) {
                groups.add(group(verb));
            }
        }
        return groups;
    }

    /** Returns the verbs of a group; those of none for an empty string. */
    static List<Verb> of(String group) {
        List<Verb> verbs = new ArrayList<>();
        for (Verb verb : visible()) {
            if (group(verb).equals(group)) {
                verbs.add(verb);
            }
        }
        return verbs;
    }

    /** Returns what is said of a group in a list of verbs. */
    static String summary(String group) {
        return group.equals("admin") ? "start, stop and count by hand" : "verbs of " + group;
    }

    /**
     * Returns what a verb takes besides its options, place by place, as its synopsis says: {@code NAME}, {@code a|b},
     * {@code a b|c}, or {@code a [FILE] | b}. Names of which there may be many are the last place.
     */
    static List<Slot> operands(Verb verb) {
        List<Slot> places = new ArrayList<>();
        for (String alternative : verb.synopsis().split(" [|] ", -1)) {
            int place = 0;
            for (String word : alternative.split(" ", -1)) {
                Slot slot = slot(word.replace("[", "").replace("]", ""));
                if (slot instanceof Slot.Other) {
                    break;
                }
                if (place == places.size()) {
                    places.add(slot);
                } else if (places.get(place) instanceof Slot.OneOf one && slot instanceof Slot.OneOf other) {
                    List<String> both = new ArrayList<>(one.words());
                    both.addAll(other.words());
                    places.set(place, new Slot.OneOf(List.copyOf(both)));
                }
                place++;
            }
        }
        return places;
    }

    private static Slot slot(String word) {
        if (word.startsWith("NAME")) {
            return new Slot.Name(word.endsWith("…"));
        }
        return switch (word) {
            case "VERB" -> new Slot.AnyVerb();
            case "FILE" -> new Slot.File();
            case "DIR" -> new Slot.Directory();
            // stands for flags
            case "", "options" -> new Slot.Other();
            default ->
                Character.isLowerCase(word.charAt(0))
                        ? new Slot.OneOf(List.of(word.split("[|]", -1)))
                        : new Slot.Other();
        };
    }

    /** Returns what an option's value can be. */
    static Slot value(Option option) {
        String value = option.value() == null ? "" : option.value();
        return switch (value) {
            case "FILE", "PATH" -> new Slot.File();
            case "DIR" -> new Slot.Directory();
            case "STATE" -> new Slot.OneOf(List.of("ready", "stopped", "ended", "active", "grace"));
            case "SIGNAL" -> new Slot.OneOf(List.of("TERM", "INT", "HUP", "QUIT", "KILL", "USR1", "USR2"));
            default ->
                value.indexOf('|') > 0 && Character.isLowerCase(value.charAt(0))
                        ? new Slot.OneOf(List.of(value.split("\\|", -1)))
                        : new Slot.Other();
        };
    }

    /** Returns every option once, in the order of the verbs. */
    static List<Option> options() {
        List<Option> options = new ArrayList<>();
        for (Verb verb : visible()) {
            for (Option option : verb.options()) {
                boolean known = false;
                for (Option other : options) {
                    known |= other.flag().equals(option.flag());
                }
                if (!known) {
                    options.add(option);
                }
            }
        }
        return options;
    }

    /** Returns what there is to type of a verb's options, in one line. */
    static String flags(Verb verb) {
        StringBuilder flags = new StringBuilder();
        for (Option option : verb.options()) {
            flags.append(option.flag()).append(' ');
        }
        return flags + "--help";
    }
}
