import type { BackupSync } from '@backup-sync/contracts';
import { changesOf, saysTheSame, withByte } from './byte-changes.ts';
import { type MemoryBucket, openMemoryStorageUnit } from './memory-storage-unit.ts';
import { proveAllLevels } from './prove-all-levels.ts';

/** A document of a backup, of which every byte is to be changed. */
export type ChangedDocument = {
  /** Everything in the bucket. */
  readonly objects: Iterable<readonly [string, Uint8Array]>;
  readonly key: string;
  /** The backup that is proved to `replay` after each change. */
  readonly item: BackupSync;
  /** What each byte belongs to. */
  readonly fieldsOf: (bytes: Uint8Array) => readonly string[];
};

/** What became of the changes of one field. */
export type FieldChanges = {
  /** `level: reason` of those that were found, by the level whose check has found them; sorted. */
  readonly found: readonly string[];
  /** Whether some were not found though the document says something else now. */
  readonly passes: boolean;
};

/**
 * Changes a document byte for byte, in several ways each, and tells of each field what was found. Throws where the whole
 * document does not prove, or where a change that was not found has lowered the level unsaid.
 */
export async function changeEveryByte({ objects, key, item, fieldsOf }: ChangedDocument) {
  const bucket: MemoryBucket = new Map(objects);
  const storage = openMemoryStorageUnit(new Map([[item.bucket_name, bucket]]));
  const bytes = bucket.get(key) ?? new Uint8Array();
  const whole = await proveAllLevels(storage, item);
  if (whole.foundBy !== null) throw new Error(`${key} does not prove as it was written: ${whole.code}`);
  const fieldAt = fieldsOf(bytes);
  const changes = new Map<string, { found: Set<string>; passes: boolean }>();
  for (const [at, byte] of bytes.entries()) {
    const field = fieldAt[at] ?? 'none';
    const ofField = changes.get(field) ?? { found: new Set(), passes: false };
    changes.set(field, ofField);
    for (const to of changesOf(byte)) {
      const changed = withByte(bytes, at, to);
      bucket.set(key, changed);
      const { foundBy, code, level } = await proveAllLevels(storage, item);
      if (foundBy !== null) ofField.found.add(`${foundBy}: ${code}`);
      else if (level !== whole.level) throw new Error(`byte ${at} of ${key} as ${to} ends at ${level}`);
      else if (!saysTheSame(bytes, changed)) ofField.passes = true;
    }
  }
  const fields: Record<string, FieldChanges> = {};
  for (const [field, { found, passes }] of changes) fields[field] = { found: [...found].sort(), passes };
  return fields;
}

/** A field whose changes are all found, by these levels with these reasons. */
export function isFound(...found: readonly string[]): FieldChanges {
  return { found: found.toSorted(), passes: false };
}

/**
 * A field of which a change may pass: it means nothing to what is restored, or is said elsewhere too (`why`). What makes
 * the document unreadable is found all the same.
 */
export function mayPass(_why: string, ...found: readonly string[]): FieldChanges {
  return { found: found.toSorted(), passes: true };
}
