/** The hub over HTTP: requests, and events as a stream. Bytes and headers are hostile, the listener is on the loopback only. */
@NullMarked
package dev.sharedserver.dev.http;

import org.jspecify.annotations.NullMarked;
