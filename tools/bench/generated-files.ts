import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** Writes text in pieces, without keeping it in memory. */
export async function writePieces(path: string, pieces: Iterable<string>): Promise<void> {
  const file = createWriteStream(path);
  let pending = '';
  for (const piece of pieces) {
    pending += piece;
    if (pending.length < 1 << 20) continue;
    if (!file.write(pending, 'latin1')) await once(file, 'drain');
    pending = '';
  }
  file.end(pending, 'latin1');
  await finished(file);
}

type Names = { readonly backupId: string; readonly volumeId: string };

/** `_sha256file` as Cinder writes it. Block `n` has the hash of `n`, unless it is in `changed`. */
export function* hashFileText(
  { backupId, volumeId }: Names,
  blocks: number,
  blockBytes: number,
  changed: (block: number) => boolean,
): Generator<string> {
  const header = { backup_id: backupId, volume_id: volumeId, version: '1.0.0', chunk_size: blockBytes };
  yield `${JSON.stringify(header, null, 2).slice(0, -2)},\n  "sha256s": [\n`;
  const seed = createHash('sha256').update('bench').digest('hex');
  for (let block = 0; block < blocks; block += 1) {
    const hash = (changed(block) ? 'f' : '0') + block.toString(16).padStart(15, '0') + seed.slice(16);
    yield `    "${hash}"${block === blocks - 1 ? '' : ','}\n`;
  }
  yield '  ]\n}';
}

export type GeneratedObject = { readonly offset: number; readonly length: number };

/** `_metadata` as Cinder writes it, of zlib objects. */
export function* metadataText(
  { backupId, volumeId }: Names,
  imagePath: string,
  parentId: string | null,
  objects: Iterable<GeneratedObject>,
): Generator<string> {
  const header = { backup_id: backupId, backup_name: null, created_at: '2026-03-01 02:00:00+00:00' };
  yield `${JSON.stringify(header, null, 2).slice(0, -2)},\n  "objects": [`;
  let number = 0;
  for (const { offset, length } of objects) {
    number += 1;
    const key = `${imagePath}-${String(number).padStart(5, '0')}`;
    const md5 = number.toString(16).padStart(32, '9');
    yield `${number === 1 ? '' : ','}\n    {\n      "${key}": {\n        "compression": "zlib",\n        "length": ${length},\n        "md5": "${md5}",\n        "offset": ${offset}\n      }\n    }`;
  }
  const rest = { parent_id: parentId, version: '1.0.0', volume_id: volumeId, volume_meta: null };
  yield `\n  ],\n${JSON.stringify(rest, null, 2).slice(2)}`;
}
