import { type WrittenManifest, writeManifestBackup } from './manifest-writer.ts';
import { seededBytes } from './seeded-bytes.ts';
import type { BlockChanges } from './small-chain.ts';

const blockBytes = 512;
const firstCreatedAtMs = Date.UTC(2026, 2, 1, 2);
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Writes a chain with this project's manifest, each backup in its own folder: a full backup, then one increment for
 * each list of changed blocks. The volume has `blocks` blocks of 512 bytes, of which the last is shorter.
 */
export function writeSmallManifestChain(
  seed: string,
  blocks: number,
  changes: BlockChanges,
): readonly WrittenManifest[] {
  let volume = seededBytes(`${seed}/0`, blocks * blockBytes - 100);
  const chain: WrittenManifest[] = [];
  for (const [day, changed] of [[], ...changes].entries()) {
    volume = volume.slice();
    for (const block of changed) {
      const room = volume.subarray(block * blockBytes, (block + 1) * blockBytes);
      room.set(seededBytes(`${seed}/${day}/${block}`, room.length));
    }
    const parent = chain.at(-1);
    chain.push(
      writeManifestBackup({
        backupId: `${seed}-${day}`,
        imagePath: `disks/${seed}/${seed}-${day}`,
        createdAtMs: firstCreatedAtMs + day * dayMs,
        volume,
        objectBytes: 4 * blockBytes,
        blockBytes,
        ...(parent === undefined ? {} : { parent }),
      }),
    );
  }
  return chain;
}
