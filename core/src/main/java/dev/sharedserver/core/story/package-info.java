/**
 * What the event log of a server tells of its last run: how it began, who left last, why it ended. Knows neither clock
 * nor file: events come in as values, and the words for people are made elsewhere.
 */
@NullMarked
package dev.sharedserver.core.story;

import org.jspecify.annotations.NullMarked;
