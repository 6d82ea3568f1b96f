/** A hub for the program that has started it: JSON-RPC 2.0 on standard input and output, a message a line. */
@NullMarked
package dev.sharedserver.dev.rpc;

import org.jspecify.annotations.NullMarked;
