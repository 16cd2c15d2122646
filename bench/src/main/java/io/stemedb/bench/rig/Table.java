package io.stemedb.bench.rig;

import java.util.ArrayList;
import java.util.List;

/** Rows under named columns, for people, for a page and for a machine. */
final class Table {
    private final List<String> columns;
    private final List<List<String>> rows = new ArrayList<>();

    Table(final String... columns) {
        this.columns = List.of(columns);
    }

    Table row(final Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(
                    "row: must have " + columns.size() + " cells, has " + cells.length);
        }
        final List<String> row = new ArrayList<>();
        for (final Object cell : cells) {
            row.add(String.valueOf(cell));
        }
        rows.add(row);
        return this;
    }

    String text() {
        final int[] widths = new int[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = columns.get(i).length();
            for (final List<String> row : rows) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        final StringBuilder text = new StringBuilder();
        line(text, columns, widths);
        rows.forEach(row -> line(text, row, widths));
        return text.toString();
    }

    private static void line(
            final StringBuilder text, final List<String> cells, final int[] widths) {
        for (int i = 0; i < widths.length; i++) {
            final String cell = cells.get(i);
            final String space = " ".repeat(widths[i] - cell.length());
            text.append("  ").append(i == 0 ? cell + space : space + cell);
        }
        text.append('\n');
    }

    String markdown() {
        final StringBuilder text = new StringBuilder();
        text.append("| ").append(String.join(" | ", columns)).append(" |\n|---|");
        text.append("---:|".repeat(columns.size() - 1)).append('\n');
        rows.forEach(row -> text.append("| ").append(String.join(" | ", row)).append(" |\n"));
        return text.toString();
    }

    /** Cells with a comma are quoted; none has a quote or a line break. */
    String csv() {
        final StringBuilder text = new StringBuilder(String.join(",", columns)).append('\n');
        for (final List<String> row : rows) {
            final List<String> cells = new ArrayList<>();
            row.forEach(cell -> cells.add(cell.indexOf(',') < 0 ? cell : '"' + cell + '"'));
            text.append(String.join(",", cells)).append('\n');
        }
        return text.toString();
    }
}
