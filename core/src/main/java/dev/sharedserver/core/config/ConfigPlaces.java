package dev.sharedserver.core.config;

import java.util.ArrayList;
import java.util.List;

/** Where a config file is looked for: the first that exists replaces all others. */
public final class ConfigPlaces {

    private ConfigPlaces() {}

    /** Why a place is looked at. */
    public enum Origin {
        OPTION("named by --config"),
        INPUT("given on standard input"),
        VARIABLE("named by $SHAREDSERVER_CONFIG"),
        PROJECT("the nearest upwards from the working directory"),
        USER("the user's own");

        private final String why;

        Origin(String why) {
            this.why = why;
        }

        /** Returns the reason in words. */
        public String why() {
            return why;
        }
    }

    /**
     * A place.
     *
     * @param path absolute path of a file, or what the standard input is called
     * @param directory whose servers it describes: where the relative paths in it begin
     */
    public record Place(String path, String directory, Origin origin) {}

    /**
     * Returns the place that somebody named.
     *
     * @param cwd absolute path of the caller's working directory
     */
    public static Place named(String path, String cwd, Origin origin) {
        String absolute = path.startsWith("/") ? path : (cwd.equals("/") ? "" : cwd) + "/" + path;
        String directory = parent(absolute);
        // the same file means the same servers, found or named
        boolean within = directory.endsWith("/.sharedserver");
        return new Place(absolute, within ? parent(directory) : directory, origin);
    }

    /**
     * Returns the places to look at when nobody names one, in order.
     *
     * @param cwd absolute path of the caller's working directory
     * @param home empty if unknown
     * @param configHome value of XDG_CONFIG_HOME, empty if not set
     */
    public static List<Place> of(String cwd, String home, String configHome) {
        List<Place> places = new ArrayList<>();
        for (String directory = cwd; directory.startsWith("/"); directory = parent(directory)) {
            String prefix = directory.equals("/") ? "" : directory;
            places.add(new Place(prefix + "/.sharedserver.json", directory, Origin.PROJECT));
            places.add(new Place(prefix + "/.sharedserver/servers.json", directory, Origin.PROJECT));
            if (directory.equals("/")) {
                break;
            }
        }
        String user = configHome.startsWith("/") ? configHome : home.isEmpty() ? "" : home + "/.config";
        if (user.startsWith("/")) {
            places.add(new Place(user + "/sharedserver/servers.json", user + "/sharedserver", Origin.USER));
        }
        return places;
    }

    private static String parent(String directory) {
        int slash = directory.lastIndexOf('/');
        return slash <= 0 ? "/" : directory.substring(0, slash);
    }
}
