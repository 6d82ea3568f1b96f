package dev.sharedserver.agent;

/**
 * The name of a build, {@code VERSION} or {@code VERSION (COMMIT)}, ordered by the version alone: 0.9 &lt; 0.10-rc &lt; 0.10 &lt;
 * 0.10.1. Any text is a name; what is no number counts as 0.
 */
record Build(String name) implements Comparable<Build> {

    @Override
    public int compareTo(Build other) {
        String mine = version();
        String theirs = other.version();
        int mineEnd = releaseEnd(mine);
        int theirsEnd = releaseEnd(theirs);
        int mineAt = 0;
        int theirsAt = 0;
        while (mineAt < mineEnd || theirsAt < theirsEnd) {
            int mineDot = dot(mine, mineAt, mineEnd);
            int theirsDot = dot(theirs, theirsAt, theirsEnd);
            int order = Long.compare(number(mine, mineAt, mineDot), number(theirs, theirsAt, theirsDot));
            if (order != 0) {
                return order;
            }
            mineAt = mineDot + 1;
            theirsAt = theirsDot + 1;
        }
        // semver.org, 11: a pre-release comes before its release
        return Boolean.compare(mineEnd == mine.length(), theirsEnd == theirs.length());
    }

    private String version() {
        int space = name.indexOf(' ');
        return space < 0 ? name : name.substring(0, space);
    }

    private static int releaseEnd(String version) {
        int dash = version.indexOf('-');
        return dash < 0 ? version.length() : dash;
    }

    private static int dot(String text, int from, int end) {
        int dot = from < end ? text.indexOf('.', from) : -1;
        return dot < 0 || dot > end ? end : dot;
    }

    private static long number(String text, int from, int end) {
        long number = 0;
        for (int i = from; i < end; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || number > Integer.MAX_VALUE) {
                return 0;
            }
            number = 10 * number + (c - '0');
        }
        return number;
    }
}
