/**
 * The dev-server hub: for each project under development a front end's dev server and a back end's build loop, with logs,
 * status, build errors and ports. Knows nothing of how it is asked: HTTP, command line and JSON-RPC lie in packages of their own.
 */
@NullMarked
package dev.sharedserver.dev;

import org.jspecify.annotations.NullMarked;
