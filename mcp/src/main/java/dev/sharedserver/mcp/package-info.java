/** The MCP server: shared servers for coding agents. */
@NullMarked
package dev.sharedserver.mcp;

import org.jspecify.annotations.NullMarked;
