package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.RestartPolicy;
import org.jspecify.annotations.Nullable;

/**
 * How a server is known to be well, and what is done when it is not.
 *
 * @param ready what shows that it is up; null where running is enough
 * @param check what shows that it still is; null where nobody looks
 * @param restart what becomes of it when it fails while somebody holds it
 */
public record Health(@Nullable Condition ready, @Nullable Condition check, RestartPolicy restart) {

    /** Of a server that is well as long as it runs. */
    public static final Health NONE = new Health(null, null, RestartPolicy.NEVER);
}
