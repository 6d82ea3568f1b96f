/**
 * The guard of machines without a C compiler: it lives in the agent's own process and speaks the guard's protocol
 * ({@code docs/protocol.md}) over two pipes. No policy.
 */
@NullMarked
package dev.sharedserver.portable.guard;

import org.jspecify.annotations.NullMarked;
