package dev.sharedserver.core.config;

import java.util.ArrayList;
import java.util.List;

/** Where a config file is looked for when nobody names one: the first that exists replaces all others. */
public final class ConfigPlaces {

    private ConfigPlaces() {}

    /**
     * A place.
     *
     * @param path absolute path of a file
     * @param project directory whose project it belongs to, empty for the user's own file
     */
    public record Place(String path, String project) {}

    /**
     * Returns the places in order.
     *
     * @param cwd absolute path of the caller's working directory
     * @param home empty if unknown
     * @param configHome value of XDG_CONFIG_HOME, empty if not set
     */
    public static List<Place> of(String cwd, String home, String configHome) {
        List<Place> places = new ArrayList<>();
        for (String directory = cwd; directory.startsWith("/"); directory = parent(directory)) {
            String prefix = directory.equals("/") ? "" : directory;
            places.add(new Place(prefix + "/.sharedserver.json", directory));
            places.add(new Place(prefix + "/.sharedserver/servers.json", directory));
            if (directory.equals("/")) {
                break;
            }
        }
        if (configHome.startsWith("/")) {
            places.add(new Place(configHome + "/sharedserver/servers.json", ""));
        } else if (!home.isEmpty()) {
            places.add(new Place(home + "/.config/sharedserver/servers.json", ""));
        }
        return places;
    }

    private static String parent(String directory) {
        int slash = directory.lastIndexOf('/');
        return slash <= 0 ? "/" : directory.substring(0, slash);
    }
}
