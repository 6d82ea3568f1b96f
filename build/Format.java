import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Formats the Java sources of all modules in place, or with --check names those that are not formatted and fails.
 *
 * <p>The formatter parses with the javac of the JDK it runs on, so it has to run on the JDK 25 of the toolchain. Spotless
 * would run it inside Maven, on Maven's JDK 17, which does not know today's syntax.
 */
final class Format {
    private Format() {}

    public static void main(String[] args) throws IOException {
        boolean check = args.length == 1 && args[0].equals("--check");
        Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .build());
        int wrong = 0;
        for (Path file : sources()) {
            String is = Files.readString(file);
            String ought;
            try {
                ought = formatter.formatSourceAndFixImports(is);
            } catch (FormatterException e) {
                System.err.println(file + ": " + e.getMessage());
                wrong++;
                continue;
            }
            if (!is.equals(ought)) {
                if (check) {
                    System.err.println(file + ": not formatted");
                    wrong++;
                } else {
                    Files.writeString(file, ought);
                }
            }
        }
        if (wrong > 0) {
            System.err.println(wrong
                    + " files are not as the formatter writes them; to format: mvn -q -N validate exec:exec@format");
            System.exit(1);
        }
    }

    /** Returns the sources of all modules and the programs of the build: {@code MODULE/src/**} and {@code FOLDER/*.java}. */
    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(Path.of(""), Files::isDirectory)) {
            for (Path folder : folders) {
                addSources(folder, 1, sources);
                addSources(folder.resolve("src"), Integer.MAX_VALUE, sources);
            }
        }
        sources.sort(null);
        return sources;
    }

    private static void addSources(Path folder, int depth, List<Path> sources) throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.walk(folder, depth)) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
    }
}
