/**
 * The MCP server: shared servers for coding agents, over JSON-RPC on standard input and output. Calls the product by its
 * command line and knows nothing of how that works.
 */
@NullMarked
package dev.sharedserver.mcp;

import org.jspecify.annotations.NullMarked;
