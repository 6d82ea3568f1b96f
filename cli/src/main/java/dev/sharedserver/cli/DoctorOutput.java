package dev.sharedserver.cli;

import dev.sharedserver.core.Damage;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code admin doctor} prints. */
public final class DoctorOutput {

    private DoctorOutput() {}

    /**
     * Returns the report for people.
     *
     * @param all whether all servers were asked for
     * @param byServer what was found, for every server that was looked at
     */
    public static String text(
            boolean all, List<Damage> ofDirectory, Map<String, List<Damage>> byServer, Terminal terminal) {
        StringBuilder text = new StringBuilder();
        if (all) {
            text.append("Running health check on all servers\n");
        }
        ofDirectory.forEach(damage -> line(text, damage, terminal));
        int found = ofDirectory.size();
        int left = unrepaired(ofDirectory);
        for (Map.Entry<String, List<Damage>> one : byServer.entrySet()) {
            text.append("Checking ").append(Quote.escape(one.getKey())).append('\n');
            if (one.getValue().isEmpty()) {
                text.append("  ").append(terminal.green("✓")).append(" No issues found\n");
            }
            one.getValue().forEach(damage -> line(text, damage, terminal));
            found += one.getValue().size();
            left += unrepaired(one.getValue());
        }
        if (found == 0 && byServer.isEmpty()) {
            text.append(terminal.green("✓")).append(" No issues found\n");
        }
        if (all && found > 0) {
            text.append(left == 0 ? terminal.green("✓") : terminal.red("✗"));
            text.append(' ').append(found).append(found == 1 ? " issue, " : " issues, ");
            text.append(found - left).append(" repaired\n");
        }
        return text.toString();
    }

    private static int unrepaired(List<Damage> damages) {
        return (int) damages.stream().filter(damage -> !damage.repaired()).count();
    }

    private static void line(StringBuilder text, Damage damage, Terminal terminal) {
        text.append("  ")
                .append(damage.repaired() ? terminal.yellow("⚠") : terminal.red("✗"))
                .append(' ');
        if (damage.kind() == Damage.Kind.STALE_FILES && damage.repaired()) {
            text.append("Removed stale files: ").append(Quote.escape(damage.detail()));
        } else {
            text.append(Quote.escape(damage.detail())).append(damage.repaired() ? ": repaired" : ": not repaired");
        }
        text.append('\n');
    }

    /** Returns the report for programs. */
    public static String json(List<Damage> ofDirectory, Map<String, List<Damage>> byServer) {
        return JsonText.of(JsonText.Form.PRETTY, json -> {
            json.beginObject();
            json.name("checked").beginArray();
            List<Damage> all = new ArrayList<>(ofDirectory);
            for (Map.Entry<String, List<Damage>> one : byServer.entrySet()) {
                json.value(one.getKey());
                all.addAll(one.getValue());
            }
            json.endArray();
            json.name("healthy").value(unrepaired(all) == 0);
            json.name("issues").beginArray();
            for (Damage damage : all) {
                json.beginObject();
                json.name("server")
                        .value(damage.server() == null ? null : damage.server().value());
                json.name("kind").value(damage.kind().word());
                json.name("detail").value(damage.detail());
                json.name("repaired").value(damage.repaired());
                json.endObject();
            }
            json.endArray();
            json.endObject();
        });
    }
}
