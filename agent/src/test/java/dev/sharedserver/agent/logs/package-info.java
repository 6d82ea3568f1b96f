@NullMarked
package dev.sharedserver.agent.logs;

import org.jspecify.annotations.NullMarked;
