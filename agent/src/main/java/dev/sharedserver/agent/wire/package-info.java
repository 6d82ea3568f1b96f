/**
 * The byte protocol between launcher and agent ({@code docs/protocol.md}). Bytes from the socket are hostile; nothing
 * here knows what a request means.
 */
@NullMarked
package dev.sharedserver.agent.wire;

import org.jspecify.annotations.NullMarked;
