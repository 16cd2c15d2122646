package io.stemedb.codecs;

/**
 * Sizes and bounds of records, in bytes or counts. Checked when appending and again when ingesting.
 */
public final class Limits {
    /** Bytes of the header before each body. */
    public static final int HEADER_LENGTH = 8;

    /** Bytes of a content hash, an agent id or an epoch id. */
    public static final int HASH_LENGTH = 32;

    /** Bytes of a signature. */
    public static final int SIGNATURE_LENGTH = 64;

    /** Bytes of a visual hash. */
    public static final int VISUAL_HASH_LENGTH = 8;

    /** Most bytes of a subject; at least one is needed. */
    public static final int SUBJECT_MAX = 256;

    /** Most bytes of a predicate; at least one is needed. */
    public static final int PREDICATE_MAX = 128;

    /** Most bytes of the text of an object. */
    public static final int OBJECT_TEXT_MAX = 65536;

    /** Most elements of a vector. */
    public static final int VECTOR_MAX = 4096;

    /** Most signatures of an assertion. */
    public static final int SIGNATURES_MAX = 64;

    /** Most bytes of the name of an epoch; at least one is needed. */
    public static final int EPOCH_NAME_MAX = 256;

    /** Most bytes of the description of an epoch. */
    public static final int EPOCH_DESCRIPTION_MAX = 65536;

    /**
     * Most bytes of a whole record. The limits of the parts add up to less; this one bounds what
     * may be read before any part is looked at.
     */
    public static final int RECORD_MAX = 262144;

    private Limits() {}
}
