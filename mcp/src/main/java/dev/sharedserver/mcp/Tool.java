package dev.sharedserver.mcp;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A tool.
 *
 * @param output JSON Schema of its structured result
 */
record Tool(
        String name, String title, String description, List<Param> params, Effect effect, Json.Obj output, Work work) {

    /** What hosts tell their users of it before they let an agent call it. */
    enum Effect {
        READS(true, false, true),
        /** Adds, or gives back what it added; a second time changes nothing. */
        ADDS(false, false, true),
        /** May run whatever it is told to. */
        RUNS(false, true, true),
        STOPS(false, true, true),
        RESTARTS(false, true, false);

        private final boolean readOnly;
        private final boolean destructive;
        private final boolean idempotent;

        Effect(boolean readOnly, boolean destructive, boolean idempotent) {
            this.readOnly = readOnly;
            this.destructive = destructive;
            this.idempotent = idempotent;
        }

        private Json.Obj annotations(String title) {
            return Json.Obj.EMPTY
                    .with("title", title)
                    .with("readOnlyHint", readOnly)
                    .with("destructiveHint", destructive)
                    .with("idempotentHint", idempotent)
                    .with("openWorldHint", false);
        }
    }

    /** Does it, on a thread of its own. */
    interface Work {
        Result carryOut(Arguments arguments, Call call) throws IOException, InterruptedException;
    }

    Json.Obj json() {
        Json.Obj properties = Json.Obj.EMPTY;
        List<String> required = new ArrayList<>();
        for (Param param : params) {
            properties = properties.with(param.name(), param.schema());
            if (param.required()) {
                required.add(param.name());
            }
        }
        Json.Obj input = Json.Obj.EMPTY
                .with("type", "object")
                .with("properties", properties)
                .with("required", Json.strings(required))
                .with("additionalProperties", false);
        return Json.Obj.EMPTY
                .with("name", name)
                .with("title", title)
                .with("description", description)
                .with("inputSchema", input)
                .with("outputSchema", output)
                .with("annotations", effect.annotations(title));
    }
}
