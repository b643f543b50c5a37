import { Buffer } from 'node:buffer';
import { counted } from '@backup-sync/contracts';
import { leastStoredBytes } from '../../compression/least-stored-bytes.ts';
import type { Fault } from '../../proof/link.ts';
import type { BackupCfg } from './backup-cfg.ts';
import { blockKeyOf } from './backup-path.ts';
import type { ListedBlocks } from './block-map.ts';

/** A volume is a block device, so its size is a multiple of this. */
const sectorBytes = 512;

/** Checks that every block in the cfg is listed and has a possible size. Blocks in no cfg are garbage, not a fault. */
export function checkBlocks(cfg: BackupCfg, listed: ListedBlocks, volumeFolder: string): Fault | null {
  let missing: Uint8Array | null = null;
  let missingCount = 0;
  let empty: Uint8Array | null = null;
  // Blocks compressed with the other of gzip and lz4 are readable, too.
  const least = Math.min(...(['gzip', 'lz4'] as const).map((codec) => leastStoredBytes(codec, cfg.blockBytes)));
  for (let row = 0; row < cfg.blocks.count; row += 1) {
    const checksum = cfg.blocks.checksums.at(row) ?? new Uint8Array();
    const listedRow = listed.rowOf(checksum);
    const size = listedRow === null ? null : listed.sizeAt(listedRow);
    if (size === null) {
      missing ??= checksum;
      missingCount += 1;
    } else if (size === 0) empty ??= checksum;
    else if (cfg.compression === 'none' ? size !== cfg.blockBytes : size < least) {
      const key = keyOf(volumeFolder, checksum);
      const needed = cfg.compression === 'none' ? cfg.blockBytes : `at least ${least}`;
      const detail = `${key} has ${counted(size, 'byte')}, but must have ${needed}`;
      return { code: 'object_size_impossible', detail };
    }
  }
  if (missing !== null) {
    const others = missingCount > 1 ? `, the first of ${missingCount} that are missing` : '';
    return { code: 'object_missing', detail: `${keyOf(volumeFolder, missing)}${others}` };
  }
  return empty === null
    ? null
    : { code: 'object_size_impossible', detail: `${keyOf(volumeFolder, empty)} has no bytes` };
}

/** Checks that the offsets rise and are multiples of the block size, and that the size gives the number of blocks. */
export function checkOffsets({ blocks, blockBytes, sizeBytes }: BackupCfg, imagePath: string): Fault | null {
  let previous = -1;
  for (let row = 0; row < blocks.count; row += 1) {
    const offset = blocks.offsetAt(row);
    const place = `${imagePath}: Blocks[${row}] has offset ${offset}`;
    if (offset % blockBytes !== 0) return geometry(`${place}, which is not a multiple of the block size ${blockBytes}`);
    if (offset <= previous) return geometry(`${place}, which is not greater than the previous offset ${previous}`);
    previous = offset;
  }
  if (sizeBytes !== null && sizeBytes !== blocks.count * blockBytes) {
    return geometry(`${imagePath} has size ${sizeBytes}, but names ${blocks.count} blocks of ${blockBytes} bytes`);
  }
  return null;
}

/**
 * Checks that the size in `volume.cfg` is possible for a block device, and that the last block is inside the volume.
 */
export function checkVolumeSize(
  { blocks, blockBytes }: BackupCfg,
  volumeBytes: number | null,
  volumeCfgKey: string,
): Fault | null {
  if (volumeBytes === null) return null;
  if (volumeBytes % sectorBytes !== 0) {
    return geometry(
      `${volumeCfgKey} has size ${volumeBytes}, which is not a multiple of the sector size ${sectorBytes}`,
    );
  }
  const end = blocks.count === 0 ? 0 : blocks.offsetAt(blocks.count - 1) + blockBytes;
  // The block with the volume's end is stored whole.
  if (Math.ceil(volumeBytes / blockBytes) * blockBytes >= end) return null;
  return geometry(`${volumeCfgKey} has size ${volumeBytes}, but the last block of its latest backup ends at ${end}`);
}

function keyOf(volumeFolder: string, checksum: Uint8Array): string {
  return `${volumeFolder}${blockKeyOf(Buffer.from(checksum).toString('hex'))}`;
}

function geometry(detail: string): Fault {
  return { code: 'geometry', detail };
}
