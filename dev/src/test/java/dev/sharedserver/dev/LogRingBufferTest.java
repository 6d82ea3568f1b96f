package dev.sharedserver.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LogRingBufferTest {

    private static LogEntry entry(int number) {
        return new LogEntry("", LogEntry.VITE, LogEntry.Level.INFO, Integer.toString(number), "p");
    }

    private static List<String> messages(List<LogEntry> entries) {
        return entries.stream().map(LogEntry::message).toList();
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    @Test
    void of5001EntriesTheNewest5000AreKept() {
        LogRingBuffer buffer = new LogRingBuffer(LogRingBuffer.DEFAULT_CAPACITY);
        for (int i = 0; i < 5001; i++) {
            buffer.push(entry(i));
        }
        assertEquals(numbers(1, 5001), messages(buffer.entries()));
    }

    @Test
    void lastGivesTheNewestInTheirOrder() {
        LogRingBuffer buffer = new LogRingBuffer(3);
        assertEquals(List.of(), buffer.last(2));
        buffer.push(entry(0));
        assertEquals(List.of("0"), messages(buffer.last(2)));
        buffer.push(entry(1));
        buffer.push(entry(2));
        buffer.push(entry(3));
        assertEquals(List.of("2", "3"), messages(buffer.last(2)));
        assertEquals(List.of("1", "2", "3"), messages(buffer.last(9)));
        assertEquals(List.of("1", "2", "3"), messages(buffer.last(0)));
    }

    @Test
    void whatIsClearedIsGone() {
        LogRingBuffer buffer = new LogRingBuffer(2);
        numbers(0, 3).forEach(i -> buffer.push(entry(Integer.parseInt(i))));
        buffer.clear();
        assertEquals(List.of(), buffer.entries());
        buffer.push(entry(7));
        assertEquals(List.of("7"), messages(buffer.entries()));
    }

    @Test
    void itIsAListThatForgets() {
        Random random = new Random(4);
        for (int round = 0; round < 200; round++) {
            int capacity = 1 + random.nextInt(7);
            LogRingBuffer buffer = new LogRingBuffer(capacity);
            List<String> model = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                buffer.push(entry(i));
                model.add(Integer.toString(i));
                if (model.size() > capacity) {
                    model.remove(0);
                }
                int count = 1 + random.nextInt(9);
                assertEquals(
                        model.subList(Math.max(0, model.size() - count), model.size()), messages(buffer.last(count)));
            }
        }
    }

    @Test
    void aCapacityOfNoneIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new LogRingBuffer(0));
    }
}
