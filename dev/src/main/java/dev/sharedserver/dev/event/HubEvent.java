package dev.sharedserver.dev.event;

/**
 * Something that happened.
 *
 * @param number counts from 1
 * @param name as the host knows it
 * @param data the payload as JSON text of one line
 * @param objectData the payload as one JSON object where {@code data} is an array of arguments, else the same
 */
public record HubEvent(long number, String name, String data, String objectData) {

    /** Returns about how much memory it takes, in bytes. */
    long size() {
        return data.length() + 64L + (objectData.equals(data) ? 0 : objectData.length());
    }
}
