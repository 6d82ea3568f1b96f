/** Tests of the hub's parts. */
@org.jspecify.annotations.NullMarked
package dev.sharedserver.lsp.hub;
