package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.EntryDescriptor.HASH_LENGTH;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Puts records into one generation; ingest thread only. A put reads all it is given first, then
 * checks the room, and only then writes: a put that is refused or throws has changed nothing.
 *
 * <p>Order of publication, which the readers rely on:
 *
 * <ol>
 *   <li>the entry, and the node of its chain if that is new, with plain stores;
 *   <li>the entry's slot in the index (release): found by key;
 *   <li>the node's slot if new, else the older neighbour's link and the node's newest (release):
 *       found by walking. So whatever a walk finds is found by its key too.
 * </ol>
 */
final class GenerationWriter {
    private static final VarHandle NEWEST_SUBJECT;

    static {
        try {
            NEWEST_SUBJECT =
                    MethodHandles.lookup()
                            .findVarHandle(GenerationWriter.class, "newestSubject", int.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // Read by the flush thread once the generation is sealed.
    int records;
    int assertions;
    int places;
    int votes;
    int epochs;
    int quarantined;
    int subjects;
    int voted;
    int position;

    private final UnsafeBuffer region;
    private final HashIndex index;
    private final KeyHasher hasher;
    private final int recordCapacity;
    private final int arenaStart;
    private final int arenaLimit;

    /** Reference of the newest SUBJECT node; readers follow it and its siblings. */
    private int newestSubject;

    GenerationWriter(
            final UnsafeBuffer region,
            final HashIndex index,
            final KeyHasher hasher,
            final int recordCapacity,
            final int arenaStart,
            final int arenaLimit) {
        this.region = region;
        this.index = index;
        this.hasher = hasher;
        this.recordCapacity = recordCapacity;
        this.arenaStart = arenaStart;
        this.arenaLimit = arenaLimit;
        position = arenaStart;
    }

    /** Flush thread, before the generation becomes free again. */
    void reset() {
        records = assertions = places = votes = epochs = quarantined = subjects = voted = 0;
        position = arenaStart;
        NEWEST_SUBJECT.setRelease(this, 0);
    }

    /** Any thread: reference of the newest SUBJECT node, 0 if there is none. */
    int newestSubject() {
        return (int) NEWEST_SUBJECT.getAcquire(this);
    }

    int keys() {
        return assertions + subjects + votes + voted + epochs;
    }

    boolean putAssertion(
            final long sequence,
            final DirectBuffer hash,
            final int hashOffset,
            final DirectBuffer record,
            final int offset,
            final int length,
            final int subjectOffset,
            final int subjectLength) {
        record.boundsCheck(offset, length);
        record.boundsCheck(subjectOffset, subjectLength);
        final long key = hasher.ofHash(EntryDescriptor.ASSERTION, hash, hashOffset);
        final int slot = index.probe(EntryDescriptor.ASSERTION, key, hash, hashOffset, HASH_LENGTH);
        if (slot > 0) {
            return putRepeat(sequence, slot);
        }
        final long nodeKey =
                hasher.ofBytes(EntryDescriptor.SUBJECT, record, subjectOffset, subjectLength);
        final int found =
                index.probe(EntryDescriptor.SUBJECT, nodeKey, record, subjectOffset, subjectLength);
        final long nodeLength = found > 0 ? 0 : EntryDescriptor.entryLength(subjectLength, 0);
        if (!hasRoom(EntryDescriptor.entryLength(HASH_LENGTH, length) + nodeLength)) {
            return false;
        }
        final int entry = append(EntryDescriptor.ASSERTION, sequence, HASH_LENGTH, length);
        region.putBytes(entry + EntryDescriptor.KEY, hash, hashOffset, HASH_LENGTH);
        region.putBytes(EntryDescriptor.recordOffset(entry, HASH_LENGTH), record, offset, length);
        region.putInt(entry + EntryDescriptor.SLOT, ~slot);
        final int self = EntryDescriptor.reference(entry);
        region.putInt(entry + EntryDescriptor.NEWEST_PLACE, self);
        if (found > 0) {
            final int newest = region.getInt(found + EntryDescriptor.NEWEST);
            joinChain(entry, found, newest);
            index.publish(~slot, key, entry);
            extendChain(found, newest, self);
        } else {
            final int node =
                    appendNode(
                            EntryDescriptor.SUBJECT, record, subjectOffset, subjectLength, entry);
            region.putInt(node + EntryDescriptor.SIBLING, newestSubject);
            joinChain(entry, node, 0);
            index.publish(~slot, key, entry);
            publishNode(node, ~found, nodeKey);
            subjects++;
            NEWEST_SUBJECT.setRelease(this, EntryDescriptor.reference(node));
        }
        assertions++;
        places++;
        records++;
        return true;
    }

    /** A further place, in the chain of its subject, of an assertion that is already here. */
    private boolean putRepeat(final long sequence, final int assertion) {
        if (!hasRoom(EntryDescriptor.entryLength(0, 0))) {
            return false;
        }
        final int node = EntryDescriptor.entry(region.getInt(assertion + EntryDescriptor.OWNER));
        final int newest = region.getInt(node + EntryDescriptor.NEWEST);
        final int entry = append(EntryDescriptor.REPEAT, sequence, 0, 0);
        final int self = EntryDescriptor.reference(entry);
        joinChain(entry, node, newest);
        region.putInt(
                entry + EntryDescriptor.PREVIOUS_PLACE,
                region.getInt(assertion + EntryDescriptor.NEWEST_PLACE));
        region.putInt(entry + EntryDescriptor.TARGET, EntryDescriptor.reference(assertion));
        // Before the chain: who finds the place in the chain also finds it from the assertion.
        region.putIntRelease(assertion + EntryDescriptor.NEWEST_PLACE, self);
        extendChain(node, newest, self);
        places++;
        records++;
        return true;
    }

    boolean putVote(
            final long sequence,
            final DirectBuffer hash,
            final int hashOffset,
            final DirectBuffer record,
            final int offset,
            final int length,
            final int assertionHashOffset) {
        record.boundsCheck(offset, length);
        final long key = hasher.ofHash(EntryDescriptor.VOTE, hash, hashOffset);
        final int slot = index.probe(EntryDescriptor.VOTE, key, hash, hashOffset, HASH_LENGTH);
        if (slot > 0) {
            return true;
        }
        final long nodeKey = hasher.ofHash(EntryDescriptor.VOTED, record, assertionHashOffset);
        final int found =
                index.probe(
                        EntryDescriptor.VOTED, nodeKey, record, assertionHashOffset, HASH_LENGTH);
        final long nodeLength = found > 0 ? 0 : EntryDescriptor.entryLength(HASH_LENGTH, 0);
        if (!hasRoom(EntryDescriptor.entryLength(HASH_LENGTH, length) + nodeLength)) {
            return false;
        }
        final int entry = append(EntryDescriptor.VOTE, sequence, HASH_LENGTH, length);
        region.putBytes(entry + EntryDescriptor.KEY, hash, hashOffset, HASH_LENGTH);
        region.putBytes(EntryDescriptor.recordOffset(entry, HASH_LENGTH), record, offset, length);
        region.putInt(entry + EntryDescriptor.SLOT, ~slot);
        if (found > 0) {
            final int newest = region.getInt(found + EntryDescriptor.NEWEST);
            joinChain(entry, found, newest);
            index.publish(~slot, key, entry);
            extendChain(found, newest, EntryDescriptor.reference(entry));
        } else {
            final int node =
                    appendNode(
                            EntryDescriptor.VOTED, record, assertionHashOffset, HASH_LENGTH, entry);
            joinChain(entry, node, 0);
            index.publish(~slot, key, entry);
            publishNode(node, ~found, nodeKey);
            voted++;
        }
        votes++;
        records++;
        return true;
    }

    boolean putEpoch(
            final long sequence,
            final DirectBuffer record,
            final int offset,
            final int length,
            final int epochIdOffset) {
        record.boundsCheck(offset, length);
        final long key = hasher.ofHash(EntryDescriptor.EPOCH, record, epochIdOffset);
        final int slot =
                index.probe(EntryDescriptor.EPOCH, key, record, epochIdOffset, HASH_LENGTH);
        if (slot > 0) {
            return true;
        }
        if (!hasRoom(EntryDescriptor.entryLength(HASH_LENGTH, length))) {
            return false;
        }
        final int entry = append(EntryDescriptor.EPOCH, sequence, HASH_LENGTH, length);
        region.putBytes(entry + EntryDescriptor.KEY, record, epochIdOffset, HASH_LENGTH);
        region.putBytes(EntryDescriptor.recordOffset(entry, HASH_LENGTH), record, offset, length);
        region.putInt(entry + EntryDescriptor.SLOT, ~slot);
        index.publish(~slot, key, entry);
        epochs++;
        records++;
        return true;
    }

    boolean putQuarantine(
            final long sequence,
            final DirectBuffer reason,
            final int reasonOffset,
            final int reasonLength,
            final DirectBuffer bytes,
            final int offset,
            final int length) {
        reason.boundsCheck(reasonOffset, reasonLength);
        bytes.boundsCheck(offset, length);
        if (!hasRoom(EntryDescriptor.entryLength(reasonLength, length))) {
            return false;
        }
        final int entry = append(EntryDescriptor.QUARANTINE, sequence, reasonLength, length);
        region.putBytes(entry + EntryDescriptor.KEY, reason, reasonOffset, reasonLength);
        region.putBytes(EntryDescriptor.recordOffset(entry, reasonLength), bytes, offset, length);
        quarantined++;
        records++;
        return true;
    }

    private boolean hasRoom(final long needed) {
        if (records < recordCapacity && needed <= arenaLimit - position) {
            return true;
        }
        if (needed > arenaLimit - arenaStart) {
            throw new IllegalArgumentException(
                    "record needs more room than an empty generation has: limit="
                            + (arenaLimit - arenaStart)
                            + " value="
                            + needed);
        }
        return false;
    }

    /** Reserves an entry and writes its fixed fields; it stands in no chain and in no slot yet. */
    private int append(
            final int kind, final long sequence, final int keyLength, final int recordLength) {
        final int entry = position;
        position += (int) EntryDescriptor.entryLength(keyLength, recordLength);
        region.putLong(entry + EntryDescriptor.KIND, kind);
        region.putLong(entry + EntryDescriptor.SEQUENCE, sequence);
        region.putLong(entry + EntryDescriptor.OLDER, 0);
        region.putLong(entry + EntryDescriptor.OWNER, 0);
        region.putInt(entry + EntryDescriptor.KEY_LENGTH, keyLength);
        region.putInt(entry + EntryDescriptor.RECORD_LENGTH, recordLength);
        return entry;
    }

    /** A node whose chain is the one entry. */
    private int appendNode(
            final int kind,
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final int entry) {
        final int node = append(kind, 0, keyLength, 0);
        region.putBytes(node + EntryDescriptor.KEY, key, keyOffset, keyLength);
        region.putInt(node + EntryDescriptor.NEWEST, EntryDescriptor.reference(entry));
        region.putInt(node + EntryDescriptor.OLDEST, EntryDescriptor.reference(entry));
        region.putInt(node + EntryDescriptor.COUNT, 1);
        return node;
    }

    /** The empty slot that the search for the node ended at may since hold the entry itself. */
    private void publishNode(final int node, final int slot, final long key) {
        final int free = index.emptyFrom(slot);
        region.putInt(node + EntryDescriptor.SLOT, free);
        index.publish(free, key, node);
    }

    /** The entry's own links; still invisible. */
    private void joinChain(final int entry, final int node, final int newest) {
        region.putInt(entry + EntryDescriptor.OLDER, newest);
        region.putInt(entry + EntryDescriptor.OWNER, EntryDescriptor.reference(node));
    }

    /** Makes a complete entry part of its chain, for walks in either direction. */
    private void extendChain(final int node, final int newest, final int self) {
        region.putInt(
                node + EntryDescriptor.COUNT, region.getInt(node + EntryDescriptor.COUNT) + 1);
        region.putIntRelease(EntryDescriptor.entry(newest) + EntryDescriptor.NEWER, self);
        region.putIntRelease(node + EntryDescriptor.NEWEST, self);
    }
}
