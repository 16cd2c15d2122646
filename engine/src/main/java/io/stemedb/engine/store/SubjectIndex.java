package io.stemedb.engine.store;

/** Which store keeps the subject index; fixed when a directory is created. */
public enum SubjectIndex {
    /** LMDB: the newest claim of a subject in about a microsecond; up to some 100,000 subjects. */
    LMDB,
    /** RocksDB: any number of subjects, at tens of microseconds a lookup. */
    ROCKSDB
}
