package io.stemedb.engine.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * Splits a stream at line feeds, in one buffer of bounded size. A carriage return before the line
 * feed belongs to neither; a last line without a line feed counts. For one thread.
 */
final class LineReader {

    /** The longest line that is looked at: the largest record, every byte of it escaped, fits. */
    static final int LINE_MAX = 4 * 1024 * 1024;

    private static final int READ_SIZE = 256 * 1024;

    private final InputStream in;
    private final int lineMax;
    private byte[] buffer;
    private int position;
    private int limit;
    private boolean ended;

    private int lineOffset;
    private int lineLength;
    private long lineNumber;
    private boolean whole;
    private boolean started;

    LineReader(final InputStream in) {
        this(in, LINE_MAX, READ_SIZE);
    }

    LineReader(final InputStream in, final int lineMax, final int readSize) {
        this.in = in;
        this.lineMax = lineMax;
        this.buffer = new byte[readSize];
    }

    /**
     * Goes to the next line; blocks until it is there.
     *
     * @return false at the end of the stream
     */
    boolean next() throws IOException {
        if (!started) {
            started = true;
            skipByteOrderMark();
        }
        if (!whole && lineNumber > 0) {
            writeRest(OutputStream.nullOutputStream());
        }
        int scanned = position;
        while (true) {
            final int end = indexOfLineFeed(scanned);
            if (end >= 0) {
                found(end, end + 1);
                return true;
            }
            if (limit - position > lineMax) {
                lineNumber++;
                lineOffset = position;
                lineLength = lineMax;
                position += lineMax;
                whole = false;
                return true;
            }
            scanned = limit - position;
            final boolean more = fill();
            scanned += position;
            if (!more) {
                if (position == limit) {
                    return false;
                }
                found(limit, limit);
                return true;
            }
        }
    }

    /** Number of the line, from 1. */
    long lineNumber() {
        return lineNumber;
    }

    /** False for a line longer than the limit: only its beginning is in the buffer. */
    boolean isWhole() {
        return whole;
    }

    /** Valid until {@link #next()}; the line stands at {@link #offset()}. */
    byte[] buffer() {
        return buffer;
    }

    int offset() {
        return lineOffset;
    }

    int length() {
        return lineLength;
    }

    boolean isBlank() {
        for (int i = lineOffset; i < lineOffset + lineLength; i++) {
            final byte value = buffer[i];
            if (value != ' ' && value != '\t' && value != '\r') {
                return false;
            }
        }
        return whole;
    }

    /** Writes the line as it was, but for its end, however long it is, and goes to its end. */
    void writeLine(final OutputStream out) throws IOException {
        out.write(buffer, lineOffset, lineLength);
        if (!whole) {
            writeRest(out);
        }
    }

    private void writeRest(final OutputStream out) throws IOException {
        while (true) {
            final int end = indexOfLineFeed(position);
            out.write(buffer, position, (end >= 0 ? end : limit) - position);
            position = end >= 0 ? end + 1 : limit;
            if (end >= 0 || !fill()) {
                whole = true;
                return;
            }
        }
    }

    private void found(final int end, final int nextPosition) {
        lineNumber++;
        lineOffset = position;
        lineLength = end - position;
        if (lineLength > 0 && buffer[end - 1] == '\r') {
            lineLength--;
        }
        position = nextPosition;
        whole = true;
        if (lineLength > lineMax) {
            position = lineOffset + lineMax;
            lineLength = lineMax;
            whole = false;
        }
    }

    private void skipByteOrderMark() throws IOException {
        while (limit - position < 3 && fill()) {
            if (buffer[position] != (byte) 0xEF) {
                return;
            }
        }
        if (limit - position >= 3
                && buffer[position] == (byte) 0xEF
                && buffer[position + 1] == (byte) 0xBB
                && buffer[position + 2] == (byte) 0xBF) {
            position += 3;
        }
    }

    private int indexOfLineFeed(final int from) {
        for (int i = from; i < limit; i++) {
            if (buffer[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    /** Reads what is there, at least one byte; what is unread moves to the front when needed. */
    private boolean fill() throws IOException {
        if (ended) {
            return false;
        }
        if (limit == buffer.length) {
            if (position > 0) {
                System.arraycopy(buffer, position, buffer, 0, limit - position);
                limit -= position;
                position = 0;
            } else {
                buffer = Arrays.copyOf(buffer, Math.min(2 * buffer.length, lineMax + READ_SIZE));
            }
        }
        final int read = in.read(buffer, limit, buffer.length - limit);
        if (read < 0) {
            ended = true;
            return false;
        }
        limit += read;
        return true;
    }
}
