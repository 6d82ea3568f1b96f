import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;

// Formats the Java sources of all modules in place, or with --check names those that are not formatted and fails.
//
// The formatter parses with the javac of the JDK it runs on, so it has to run on the JDK 25 of the toolchain. Spotless
// would run it inside Maven, on Maven's JDK 17, which does not know today's syntax.

void main(String[] args) throws IOException {
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
        System.err.println(wrong + " files are not as the formatter writes them; to format: mvn -q -N validate exec:exec@format");
        System.exit(1);
    }
}

private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    try (DirectoryStream<Path> modules = Files.newDirectoryStream(Path.of("."), Files::isDirectory)) {
        for (Path module : modules) {
            Path folder = module.resolve("src").normalize();
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.walk(folder)) {
                    files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(sources::add);
                }
            }
        }
    }
    return sources;
}
