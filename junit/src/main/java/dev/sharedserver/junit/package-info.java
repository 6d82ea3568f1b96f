/**
 * Shared servers for tests with JUnit Jupiter: {@link dev.sharedserver.junit.UseSharedServer @UseSharedServer} on a class, a method or
 * a parameter. Knows the Java API of {@code sharedserver-client} and JUnit, and how neither of them does its work.
 */
@NullMarked
package dev.sharedserver.junit;

import org.jspecify.annotations.NullMarked;
