import { createHash } from 'node:crypto';
import type { WrittenBackup } from './cinder-writer.ts';
import { pythonJson } from './python-text.ts';

type Named = Record<string, { offset: number; length: number; compression: string; md5: string }>;

/**
 * Converts a full backup to the form of writers before 2015: no block hashes, no parent, and MD5 of the stored bytes.
 */
export function asEarlyWriter(backup: WrittenBackup): WrittenBackup {
  const metadataKey = `${backup.imagePath}_metadata`;
  const objects = new Map(backup.objects);
  objects.delete(`${backup.imagePath}_sha256file`);
  const { parent_id: _, ...metadata } = JSON.parse(Buffer.from(objects.get(metadataKey) ?? []).toString());
  const named: Named[] = metadata.objects;
  const withStoredMd5 = named.map((entry) =>
    Object.fromEntries(
      Object.entries(entry).map(([key, fields]) => {
        const stored = objects.get(key) ?? new Uint8Array();
        return [key, { ...fields, md5: createHash('md5').update(stored).digest('hex') }];
      }),
    ),
  );
  objects.set(metadataKey, Buffer.from(pythonJson({ ...metadata, objects: withStoredMd5 })));
  return { ...backup, objects };
}
