package dev.sharedserver.dev.project;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A kind of project that needs no file, in the order in which they are looked for. */
public enum Profile {
    /** A plugin: a front end of Vite in {@code ui}, a back end of Go in {@code pkg}. */
    VITE_GO("a plugin: Vite in ui/, Go in pkg/"),
    /** A package.json with Vite. */
    VITE("package.json that depends on vite"),
    /** A package.json with Next.js. */
    NEXT("package.json that depends on next"),
    /** A package.json with Astro. */
    ASTRO("package.json that depends on astro"),
    /** A package.json with Nuxt. */
    NUXT("package.json that depends on nuxt"),
    /** A package.json with Angular's command. */
    ANGULAR("package.json that depends on @angular/cli"),
    /** A package.json with a script named dev or start. */
    NODE("package.json with a script dev or start"),
    /** A pom.xml. */
    MAVEN("pom.xml"),
    /** A Cargo.toml. */
    CARGO("Cargo.toml"),
    /** A go.mod. */
    GO("go.mod"),
    /** A tsconfig.json. */
    TSC("tsconfig.json"),
    /** Django's manage.py, a pyproject.toml, a setup.py or a requirements.txt. */
    PYTHON("manage.py, pyproject.toml, setup.py or requirements.txt"),
    /** A Makefile. */
    MAKE("Makefile"),
    /** What its file says. */
    CUSTOM("what sharedserver-dev.json says");

    private final String sign;

    Profile(String sign) {
        this.sign = sign;
    }

    /** Returns its name in JSON. */
    public String text() {
        return this == VITE_GO ? "vite+go" : name().toLowerCase(Locale.ROOT);
    }

    /** Returns what it is recognized by, for people. */
    public String sign() {
        return sign;
    }

    /** Returns the one of that name, null if there is none. */
    static @Nullable Profile of(String text) {
        return Arrays.stream(values())
                .filter(profile -> profile.text().equals(text))
                .findFirst()
                .orElse(null);
    }

    /** Returns the names. */
    static List<String> texts() {
        return Arrays.stream(values()).map(Profile::text).toList();
    }
}
