/** What a project consists of: what its file says, or what is found from what lies in its directory. Starts nothing. */
@NullMarked
package dev.sharedserver.dev.project;

import org.jspecify.annotations.NullMarked;
