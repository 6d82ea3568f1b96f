package dev.sharedserver.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The rows of the README's table: what was measured, what the budget is, and how much of it was used. */
final class Table {
    private final List<String> rows = new ArrayList<>();

    /** A command beside {@code /bin/true}; the budget is a multiple of that. */
    void besideTrue(String what, Sample sample, Sample plain, double budget) {
        double ratio = sample.median() / plain.median();
        row(
                what,
                format("%.2f ms, p95 %.2f ms", sample.median(), sample.p95()),
                format("%.1f × `/bin/true`", budget),
                format("%.2f ×", ratio),
                ratio <= budget);
    }

    /** A duration whose median has to stay below so many milliseconds. */
    void median(String what, Sample sample, double budgetMs) {
        row(
                what,
                format("%.2f ms, p95 %.2f ms", sample.median(), sample.p95()),
                format("%.0f ms", budgetMs),
                percent(sample.median(), budgetMs),
                sample.median() <= budgetMs);
    }

    /** Median and maximum both have a budget. */
    void medianAndMax(String what, Sample sample, double medianMs, double maxMs) {
        row(
                what,
                format("%.2f ms, max %.1f ms", sample.median(), sample.max()),
                format("%.0f ms, max %.0f ms", medianMs, maxMs),
                percent(sample.median(), medianMs) + ", " + percent(sample.max(), maxMs),
                sample.median() <= medianMs && sample.max() <= maxMs);
    }

    void value(String what, double measured, String unit, double budget) {
        row(
                what,
                format("%.1f %s", measured, unit),
                format("%.0f %s", budget, unit),
                percent(measured, budget),
                measured <= budget);
    }

    void fact(String what, String measured, String budget, boolean asPromised) {
        row(what, measured, budget, asPromised ? "as promised" : "BROKEN", asPromised);
    }

    void note(String what, String measured) {
        rows.add("| " + what + " | " + measured + " | – | – |");
    }

    private void row(String what, String measured, String budget, String used, boolean within) {
        rows.add("| " + what + " | " + measured + " | " + budget + " | " + used + (within ? "" : " **over**") + " |");
    }

    String markdown() {
        return "| what | measured (median) | budget | used |\n| --- | --- | --- | --- |\n" + String.join("\n", rows)
                + "\n";
    }

    private static String percent(double measured, double budget) {
        return format("%.0f %%", 100 * measured / budget);
    }

    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
