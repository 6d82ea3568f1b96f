package dev.sharedserver.lsp.infer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What makes two servers answer initialize alike: their program, words and version. No server is asked for its version, since
 * some take {@code --version} for something else: what stands for it is size and time of the program and of each word that is
 * a file, and the {@code package.json} of the package that such a file belongs to, since npm gives all files the same time.
 */
public final class Identity {

    /** Variables that decide what a program loads. */
    private static final List<String> VARIABLES =
            List.of("NODE_OPTIONS", "NODE_PATH", "PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV");

    /** How much of a package.json is looked at, in bytes. */
    private static final long LARGEST = 1 << 20;

    private Identity() {}

    /**
     * Returns a text that is equal for servers that answer alike.
     *
     * @param exe the program's path; null if it is not known
     * @param argv its command line
     * @param environment its environment
     * @param directory its working directory, which relative words are meant from
     */
    public static String of(@Nullable String exe, List<String> argv, Map<String, String> environment, Path directory) {
        List<String> parts = new ArrayList<>();
        parts.add("program " + exe + " " + stamp(exe, directory));
        for (String word : argv) {
            parts.add("word " + word + " " + stamp(word, directory));
        }
        for (String variable : VARIABLES) {
            parts.add(variable + "=" + environment.get(variable));
        }
        return digest(parts);
    }

    private static String digest(List<String> parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                digest.update((part + "\0").getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String stamp(@Nullable String word, Path directory) {
        if (word == null || word.indexOf('/') < 0) {
            return "";
        }
        try {
            Path file = directory.resolve(word).toRealPath();
            BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
            return is.isRegularFile()
                    ? file + " " + is.size() + " " + is.lastModifiedTime().toMillis() + " " + packaged(file)
                    : "";
        } catch (IOException | InvalidPathException e) {
            return "";
        }
    }

    private static String packaged(Path file) throws IOException {
        for (Path folder = file.getParent(); folder != null; folder = folder.getParent()) {
            Path description = folder.resolve("package.json");
            if (Files.isRegularFile(description) && Files.size(description) <= LARGEST) {
                return digest(List.of(Files.readString(description, StandardCharsets.ISO_8859_1)));
            }
        }
        return "";
    }
}
