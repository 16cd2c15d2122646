package io.stemedb.engine.hash;

/**
 * BLAKE3 in C, see {@code src/main/c}. Stateless; {@link Blake3Choice} has loaded the library
 * before the first instance exists.
 */
final class NativeBlake3 extends Blake3 {
    static final String NAME = "native";

    @Override
    public String implementation() {
        return NAME;
    }

    @Override
    void digest(final long address, final long length, final long outAddress) {
        hashMemory(address, length, outAddress);
    }

    @Override
    void digest(
            final byte[] in,
            final long inPosition,
            final long length,
            final byte[] out,
            final long outPosition) {
        hashHeap(in, inPosition, length, out, outPosition);
    }

    @Override
    void digestBatch(final long descriptorsAddress, final int count) {
        hashDescriptors(descriptorsAddress, count);
    }

    private static native void hashMemory(long address, long length, long outAddress);

    private static native void hashHeap(
            byte[] in, long inPosition, long length, byte[] out, long outPosition);

    private static native void hashDescriptors(long descriptorsAddress, int count);
}
