package dev.sharedserver.bench;

import java.util.Arrays;
import java.util.List;

/** Measured durations of one thing, in milliseconds. */
final class Sample {
    private final double[] sorted;

    Sample(List<Double> milliseconds) {
        if (milliseconds.isEmpty()) {
            throw new IllegalArgumentException("nothing was measured");
        }
        sorted = milliseconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    }

    double median() {
        return quantile(0.5);
    }

    double p95() {
        return quantile(0.95);
    }

    double max() {
        return sorted[sorted.length - 1];
    }

    int count() {
        return sorted.length;
    }

    /** Nearest rank. */
    private double quantile(double q) {
        return sorted[Math.max(0, (int) Math.ceil(q * sorted.length) - 1)];
    }

    @Override
    public String toString() {
        return Arrays.toString(sorted);
    }
}
