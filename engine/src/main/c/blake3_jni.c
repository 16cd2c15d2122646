/*
 * The native methods of io.stemedb.engine.hash.NativeBlake3. Addresses and lengths were checked on
 * the Java side, where a refusal can be an exception; here they are taken as they come.
 */
#include "blake3.h"

#include <jni.h>
#include <string.h>

/* One triple of hashBatch: what to hash, how much of it, where to write the 32 bytes. */
struct descriptor {
    int64_t address;
    int64_t length;
    int64_t out;
};

static inline void *pointer(int64_t address)
{
    return (void *)(uintptr_t)address;
}

JNIEXPORT void JNICALL Java_io_stemedb_engine_hash_NativeBlake3_hashMemory(
    JNIEnv *env, jclass owner, jlong address, jlong length, jlong out)
{
    (void)env;
    (void)owner;
    stemedb_blake3_hash(pointer(address), (uint64_t)length, pointer(out));
}

/* The whole batch costs one transition from Java; the hashes are independent of each other. */
JNIEXPORT void JNICALL Java_io_stemedb_engine_hash_NativeBlake3_hashDescriptors(
    JNIEnv *env, jclass owner, jlong descriptors, jint count)
{
    (void)env;
    (void)owner;
    const uint8_t *next = pointer(descriptors);
    for (jint i = 0; i < count; i++) {
        struct descriptor one;
        memcpy(&one, next, sizeof one);
        stemedb_blake3_hash(pointer(one.address), (uint64_t)one.length, pointer(one.out));
        next += sizeof one;
    }
}

/*
 * Either side may be a byte[]: then its position is an index into the array, otherwise an address.
 * The array is pinned, not copied. No JNI call is made while one is held but the next pin and the
 * releases. A pin that fails leaves its OutOfMemoryError pending and nothing hashed.
 */
JNIEXPORT void JNICALL Java_io_stemedb_engine_hash_NativeBlake3_hashHeap(
    JNIEnv *env, jclass owner, jbyteArray in, jlong in_position, jlong length, jbyteArray out, jlong out_position)
{
    (void)owner;
    uint8_t *in_base = NULL;
    uint8_t *out_base = NULL;
    if (in != NULL) {
        in_base = (*env)->GetPrimitiveArrayCritical(env, in, NULL);
        if (in_base == NULL) {
            return;
        }
    }
    if (out != NULL) {
        out_base = (*env)->GetPrimitiveArrayCritical(env, out, NULL);
    }
    if (out == NULL || out_base != NULL) {
        const uint8_t *from = in != NULL ? in_base + in_position : (const uint8_t *)pointer(in_position);
        uint8_t *to = out != NULL ? out_base + out_position : (uint8_t *)pointer(out_position);
        stemedb_blake3_hash(from, (uint64_t)length, to);
    }
    if (out_base != NULL) {
        (*env)->ReleasePrimitiveArrayCritical(env, out, out_base, 0);
    }
    if (in_base != NULL) {
        (*env)->ReleasePrimitiveArrayCritical(env, in, in_base, JNI_ABORT);
    }
}
