package dev.sharedserver.dev;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The whole truth about a project that is not of the kind that the host's types are made for.
 *
 * @param profile the kind that it is of
 */
public record ProjectState(String profile, List<OfProcess> processes, List<OfBuilder> builders) {

    /** Copies. */
    public ProjectState {
        processes = List.copyOf(processes);
        builders = List.copyOf(builders);
    }

    /**
     * A process.
     *
     * @param pid its process group, 0 if it does not run
     * @param port 0 if it has none
     * @param url where it answers, empty unless it is running or ready and has a port
     * @param exitCode how it ended last, null if it has not
     * @param error why its status is {@code error}, empty otherwise
     */
    public record OfProcess(
            String name,
            DevProcessStatus status,
            long pid,
            int port,
            String url,
            @Nullable Integer exitCode,
            String error) {

        private void writeTo(JsonWriter json) throws IOException {
            json.beginObject();
            json.name("name").value(name);
            json.name("status").value(status.text());
            if (pid > 0) {
                json.name("pid").value(pid);
            }
            json.name("port").value(port);
            json.name("url").value(url);
            if (exitCode != null) {
                json.name("exitCode").value(exitCode);
            }
            json.name("error").value(error);
            json.endObject();
        }
    }

    /**
     * A builder.
     *
     * @param parser how its output is read, empty if it is not
     * @param lastBuildDuration ns
     * @param lastBuildTime RFC 3339; {@link DevServerState#NEVER} before the first build
     * @param buildId the number of the last build that ended, 0 for none
     * @param errors how many errors the last build had
     * @param error why its status is {@code error}, empty otherwise
     */
    public record OfBuilder(
            String name,
            DevProcessStatus status,
            String parser,
            long lastBuildDuration,
            String lastBuildTime,
            long buildId,
            int errors,
            String error) {

        private void writeTo(JsonWriter json) throws IOException {
            json.beginObject();
            json.name("name").value(name);
            json.name("status").value(status.text());
            json.name("parser").value(parser);
            json.name("lastBuildDuration").value(lastBuildDuration);
            json.name("lastBuildTime").value(lastBuildTime);
            json.name("buildId").value(buildId);
            json.name("errors").value(errors);
            json.name("error").value(error);
            json.endObject();
        }
    }

    /** Writes its fields into an object that is open. */
    void writeFields(JsonWriter json) throws IOException {
        json.name("profile").value(profile);
        json.name("processes").beginArray();
        for (OfProcess process : processes) {
            process.writeTo(json);
        }
        json.endArray();
        json.name("builders").beginArray();
        for (OfBuilder builder : builders) {
            builder.writeTo(json);
        }
        json.endArray();
    }
}
