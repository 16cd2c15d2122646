/**
 * Records of StemeDB as bytes: the SBE schema's canonical writers, zero-copy views and validation.
 *
 * <p>A record is an 8-byte header, which is the SBE message header, and a body. One claim has
 * exactly one byte string, because the body's BLAKE3 is its name:
 *
 * <ul>
 *   <li>what is absent is zero bytes and a cleared flag; all padding and all unused flags are zero;
 *   <li>-0.0 is written as 0.0; NaN and infinities are refused;
 *   <li>signatures stand sorted by agentId (unsigned bytes), one of each agent;
 *   <li>strings are strict UTF-8: no surrogates, no overlong forms; subject and predicate hold none
 *       of U+0000-U+001F and U+007F;
 *   <li>objectNumber is zero bits unless the object is a Number, objectText is empty unless it is a
 *       Text or a Reference. A Text may be empty, a Reference names an entity and may not;
 *   <li>times are in [0, 2^63 - 1] ns; supersedes is there exactly when supersessionType is not
 *       None.
 * </ul>
 *
 * <p>{@link io.stemedb.codecs.AssertionWriter}, {@link io.stemedb.codecs.VoteWriter} and {@link
 * io.stemedb.codecs.EpochWriter} write nothing else, and {@link io.stemedb.codecs.RecordValidator}
 * accepts nothing else. Offsets come from the generated flyweights in {@code
 * io.stemedb.codecs.sbe}, so the schema is the one place that knows them.
 */
package io.stemedb.codecs;
