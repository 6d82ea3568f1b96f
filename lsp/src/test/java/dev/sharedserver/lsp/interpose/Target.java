package dev.sharedserver.lsp.interpose;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is seen of a target from outside, to be compared before and after. */
record Target(Map<Integer, String> descriptors, List<String> watches, String tracer) {

    /** Looks at the standard descriptors, and everything that is the same file, at all numbers there are, and at epoll. */
    static Target of(long pid) throws IOException {
        Path process = Path.of("/proc", Long.toString(pid));
        Map<Integer, String> descriptors = new TreeMap<>();
        List<String> watches = new ArrayList<>();
        String in = Files.readSymbolicLink(process.resolve("fd/0")).toString();
        String out = Files.readSymbolicLink(process.resolve("fd/1")).toString();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path one : all) {
                int number = Integer.parseInt(one.getFileName().toString());
                String link;
                String info;
                try {
                    link = Files.readSymbolicLink(one).toString();
                    info = Files.readString(process.resolve("fdinfo").resolve(Integer.toString(number)));
                } catch (NoSuchFileException e) {
                    continue; // closed since, as the descriptors of a server come and go
                }
                if (number <= 2 || number >= 100 || link.equals(in) || link.equals(out)) {
                    String flags = info.lines()
                            .filter(line -> line.startsWith("flags:"))
                            .findFirst()
                            .orElseThrow();
                    descriptors.put(number, link + " " + flags);
                }
                if (link.equals("anon_inode:[eventpoll]")) {
                    info.lines()
                            .filter(line -> line.startsWith("tfd:"))
                            .map(line -> number + " " + line.replaceAll(" +", " "))
                            .filter(line ->
                                    descriptors.keySet().stream().anyMatch(fd -> line.contains("tfd: " + fd + " ")))
                            .forEach(watches::add);
                }
            }
        }
        watches.sort(null);
        String tracer = Files.readAllLines(process.resolve("status")).stream()
                .filter(line -> line.startsWith("TracerPid:"))
                .findFirst()
                .orElseThrow();
        return new Target(descriptors, watches, tracer);
    }
}
