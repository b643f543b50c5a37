import type { BackupSync } from '@backup-sync/contracts';
import { changesOf, saysTheSame, withByte } from './byte-changes.ts';
import { type MemoryBucket, openMemoryStorageUnit } from './memory-storage-unit.ts';
import { proveAllLevels } from './prove-all-levels.ts';

/** A document of a backup in which every byte will be changed. */
export type ChangedDocument = {
  /** Everything in the bucket. */
  readonly objects: Iterable<readonly [string, Uint8Array]>;
  readonly key: string;
  /** The backup that is proved to `replay` after each change. */
  readonly item: BackupSync;
  /** Returns the field that each byte belongs to. */
  readonly fieldsOf: (bytes: Uint8Array) => readonly string[];
  /** Fields whose bytes are left alone, such as long padding that nothing reads. */
  readonly leaves?: readonly string[];
};

/** Results of the changes to one field. */
export type FieldChanges = {
  /** `level: reason` for each change that was found: the level whose check found it, and the reason. Sorted. */
  readonly found: readonly string[];
  /** Whether some changes were not found although they changed the meaning of the document. */
  readonly passes: boolean;
};

/**
 * Changes every byte of a document in several ways, and returns for each field what was found. Throws if the unchanged
 * document does not prove, or if a change that was not found lowers the level without a reason.
 */
export async function changeEveryByte({ objects, key, item, fieldsOf, leaves = [] }: ChangedDocument) {
  const bucket: MemoryBucket = new Map(objects);
  const storage = openMemoryStorageUnit(new Map([[item.bucket_name, bucket]]));
  const bytes = bucket.get(key) ?? new Uint8Array();
  const whole = await proveAllLevels(storage, item);
  if (whole.foundBy !== null) throw new Error(`${key} does not prove unchanged: ${whole.code}`);
  const fieldAt = fieldsOf(bytes);
  const changes = new Map<string, { found: Set<string>; passes: boolean }>();
  for (const [at, byte] of bytes.entries()) {
    const field = fieldAt[at] ?? 'none';
    if (leaves.includes(field)) continue;
    const ofField = changes.get(field) ?? { found: new Set(), passes: false };
    changes.set(field, ofField);
    for (const to of changesOf(byte)) {
      const changed = withByte(bytes, at, to);
      bucket.set(key, changed);
      const { foundBy, code, level } = await proveAllLevels(storage, item);
      if (foundBy !== null) ofField.found.add(`${foundBy}: ${code}`);
      else if (level !== whole.level) throw new Error(`byte ${at} of ${key} changed to ${to}: proved only to ${level}`);
      else if (!saysTheSame(bytes, changed)) ofField.passes = true;
    }
  }
  const fields: Record<string, FieldChanges> = {};
  for (const [field, { found, passes }] of changes) fields[field] = { found: [...found].sort(), passes };
  return fields;
}

/** A field whose every change is found, by these levels with these reasons. */
export function isFound(...found: readonly string[]): FieldChanges {
  return { found: found.toSorted(), passes: false };
}

/**
 * A field in which a change may pass, because it does not affect a restore or is also stored elsewhere (`why`). Changes
 * that make the document unreadable are still found.
 */
export function mayPass(_why: string, ...found: readonly string[]): FieldChanges {
  return { found: found.toSorted(), passes: true };
}
