package io.stemedb.engine.memtable;

/**
 * The generations that a reader entering now sees, newest first, and the number of this state of
 * affairs. Immutable; a rotation and a release each publish the next one.
 */
final class LiveGenerations {
    final long version;
    final Generation[] newestFirst;
    final boolean closed;

    private LiveGenerations(
            final long version, final Generation[] newestFirst, final boolean closed) {
        this.version = version;
        this.newestFirst = newestFirst;
        this.closed = closed;
    }

    static LiveGenerations of(final Generation first) {
        return new LiveGenerations(1, new Generation[] {first}, false);
    }

    LiveGenerations withNewest(final Generation generation) {
        final Generation[] next = new Generation[newestFirst.length + 1];
        next[0] = generation;
        System.arraycopy(newestFirst, 0, next, 1, newestFirst.length);
        return new LiveGenerations(version + 1, next, false);
    }

    LiveGenerations withoutOldest() {
        final Generation[] next = new Generation[newestFirst.length - 1];
        System.arraycopy(newestFirst, 0, next, 0, next.length);
        return new LiveGenerations(version + 1, next, false);
    }

    LiveGenerations close() {
        return new LiveGenerations(version + 1, new Generation[0], true);
    }

    Generation oldest() {
        return newestFirst[newestFirst.length - 1];
    }
}
