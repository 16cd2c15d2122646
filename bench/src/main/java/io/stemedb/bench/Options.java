package io.stemedb.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What follows a command: {@code --name value}, or {@code --name} alone for what is on or off. */
final class Options {
    private final Map<String, String> values = new HashMap<>();

    Options(final List<String> arguments, final Set<String> switches, final Set<String> known) {
        for (int i = 0; i < arguments.size(); i++) {
            final String name = arguments.get(i);
            if (switches.contains(name)) {
                values.put(name, "");
            } else if (!known.contains(name)) {
                throw new IllegalArgumentException(name + ": no such option");
            } else if (i + 1 == arguments.size()) {
                throw new IllegalArgumentException(name + ": needs a value");
            } else {
                values.put(name, arguments.get(++i));
            }
        }
    }

    boolean has(final String name) {
        return values.containsKey(name);
    }

    String text(final String name, final String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    int number(final String name, final int otherwise) {
        final String text = values.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            final int number = Integer.parseInt(text);
            if (number > 0) {
                return number;
            }
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException(name + ": must be a number, is " + text, e);
        }
        throw new IllegalArgumentException(name + ": must be above 0, is " + text);
    }
}
