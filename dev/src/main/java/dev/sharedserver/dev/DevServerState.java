package dev.sharedserver.dev;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a plugin's dev server is doing at one moment.
 *
 * @param devPath the plugin's source directory
 * @param vitePort the port given to the front end, 0 for none
 * @param viteURL empty unless the front end is ready
 * @param lastBuildDuration ns
 * @param lastBuildTime RFC 3339; {@link #NEVER} before the first build, empty where this hub builds nothing
 * @param grpcConnected whether the plugin was loaded again after the last build, or is connected by itself
 * @param extra what the types of the host do not have, null for nothing
 */
public record DevServerState(
        String pluginID,
        DevServerMode mode,
        String devPath,
        int vitePort,
        String viteURL,
        DevProcessStatus viteStatus,
        DevProcessStatus goStatus,
        long lastBuildDuration,
        String lastBuildTime,
        String lastError,
        boolean grpcConnected,
        @Nullable Extra extra) {

    /** The time of a build that has not been: the zero time of the host's language. */
    public static final String NEVER = "0001-01-01T00:00:00Z";

    /**
     * More about a managed server.
     *
     * @param exitCode how the front end ended last, null if it has not
     * @param buildId the number of the last build that ended, 0 for none
     * @param project the processes and builders of a project that is no plugin, null for a plugin
     */
    public record Extra(
            @Nullable Integer exitCode,
            long buildId,
            @Nullable ProjectState project) {
        /** Makes one of a plugin. */
        public Extra(@Nullable Integer exitCode, long buildId) {
            this(exitCode, buildId, null);
        }
    }

    /** Returns the state of a plugin without a dev server. */
    public static DevServerState idle(String pluginID) {
        return unmanaged(pluginID, DevServerMode.IDLE, 0, false);
    }

    /** Returns the state of a plugin that its developer runs. */
    public static DevServerState external(String pluginID, DevInfoFile info) {
        return unmanaged(pluginID, DevServerMode.EXTERNAL, info.vitePort(), true);
    }

    private static DevServerState unmanaged(String pluginID, DevServerMode mode, int port, boolean connected) {
        return new DevServerState(
                pluginID, mode, "", port, "", DevProcessStatus.NONE, DevProcessStatus.NONE, 0, "", "", connected, null);
    }

    /** Writes the object; no field but {@code extra} is ever left out. */
    public void writeTo(JsonWriter json) throws IOException {
        json.beginObject();
        json.name("pluginID").value(pluginID);
        json.name("mode").value(mode.text());
        json.name("devPath").value(devPath);
        json.name("vitePort").value(vitePort);
        json.name("viteURL").value(viteURL);
        json.name("viteStatus").value(viteStatus.text());
        json.name("goStatus").value(goStatus.text());
        json.name("lastBuildDuration").value(lastBuildDuration);
        json.name("lastBuildTime").value(lastBuildTime);
        json.name("lastError").value(lastError);
        json.name("grpcConnected").value(grpcConnected);
        if (extra != null) {
            json.name("extra").beginObject();
            if (extra.exitCode != null) {
                json.name("exitCode").value(extra.exitCode);
            }
            json.name("buildId").value(extra.buildId);
            if (extra.project != null) {
                extra.project.writeFields(json);
            }
            json.endObject();
        }
        json.endObject();
    }
}
