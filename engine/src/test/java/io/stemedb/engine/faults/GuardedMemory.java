package io.stemedb.engine.faults;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.BufferUtil;

/**
 * Memory behind which there is nothing: a mapped file that was cut back since. A read past the end
 * is a SIGBUS, which Java code sees as an InternalError and C code does not survive.
 */
public final class GuardedMemory {
    private static final int PAGE = 4096;

    private final MappedByteBuffer mapping;
    private final int length;

    public GuardedMemory(final Path file, final int pages) throws IOException {
        length = pages * PAGE;
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            mapping = channel.map(FileChannel.MapMode.READ_WRITE, 0, length + PAGE);
            channel.truncate(length);
        }
    }

    /** Puts bytes so that they end where the memory does; the address of the first. */
    public long put(final byte[] bytes) {
        mapping.put(length - bytes.length, bytes);
        return BufferUtil.address(mapping) + length - bytes.length;
    }

    /** Address behind the last byte. */
    public long end() {
        return BufferUtil.address(mapping) + length;
    }
}
