/**
 * The life of one shared server as a pure state machine: state and event in, state and actions out.
 *
 * <p>Knows no clock, no process table, no file and no thread: time, liveness and start stamps come in as values, so
 * that every race is a unit test.
 */
@NullMarked
package dev.sharedserver.core.lifecycle;

import org.jspecify.annotations.NullMarked;
