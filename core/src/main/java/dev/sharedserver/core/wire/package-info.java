/**
 * The byte protocol between launchers and what answers them, agent or hub ({@code docs/protocol.md}). Bytes from the
 * socket are hostile; nothing here knows what a request means.
 */
@NullMarked
package dev.sharedserver.core.wire;

import org.jspecify.annotations.NullMarked;
