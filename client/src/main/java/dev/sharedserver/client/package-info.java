/**
 * Shared servers for Java programs: {@link dev.sharedserver.client.SharedServers#connect()}, then
 * {@link dev.sharedserver.client.SharedServers#use use} what you need for as long as you need it. Needs the product's
 * command, no other library.
 */
@NullMarked
package dev.sharedserver.client;

import org.jspecify.annotations.NullMarked;
