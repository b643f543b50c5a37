import { Buffer } from 'node:buffer';
import { counted } from '@backup-sync/contracts';
import { leastStoredBytes } from '../../compression/least-stored-bytes.ts';
import type { Fault } from '../../proof/link.ts';
import type { BackupCfg } from './backup-cfg.ts';
import { blockKeyOf } from './backup-path.ts';
import type { ListedBlocks } from './block-map.ts';

/** A volume is a block device: no smaller unit is written. */
const sectorBytes = 512;

/** Whether every block that the cfg names is listed and not empty. Unnamed blocks are garbage, and no fault. */
export function checkBlocks(cfg: BackupCfg, listed: ListedBlocks, volumeFolder: string): Fault | null {
  let missing: Uint8Array | null = null;
  let missingCount = 0;
  let empty: Uint8Array | null = null;
  // A block in the other of gzip and lz4 is read as well.
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
      const detail = `${key} has ${counted(size, 'byte')}, and must have ${needed}`;
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

/** Whether the offsets rise, are multiples of the block size, and the blocks are as many as the size says. */
export function checkOffsets({ blocks, blockBytes, sizeBytes }: BackupCfg, imagePath: string): Fault | null {
  let previous = -1;
  for (let row = 0; row < blocks.count; row += 1) {
    const offset = blocks.offsetAt(row);
    const place = `${imagePath}: Blocks[${row}] has offset ${offset}`;
    if (offset % blockBytes !== 0) return geometry(`${place}, no multiple of the block size ${blockBytes}`);
    if (offset <= previous) return geometry(`${place}, which is not behind ${previous}, the one before`);
    previous = offset;
  }
  if (sizeBytes !== null && sizeBytes !== blocks.count * blockBytes) {
    return geometry(`${imagePath} has size ${sizeBytes}, and names ${blocks.count} blocks of ${blockBytes} bytes`);
  }
  return null;
}

/** Whether the size that `volume.cfg` says of the volume is that of a block device, and its last block lies inside. */
export function checkVolumeSize(
  { blocks, blockBytes }: BackupCfg,
  volumeBytes: number | null,
  volumeCfgKey: string,
): Fault | null {
  if (volumeBytes === null) return null;
  if (volumeBytes % sectorBytes !== 0) {
    return geometry(`${volumeCfgKey} has size ${volumeBytes}, no multiple of the ${sectorBytes} bytes of a sector`);
  }
  const end = blocks.count === 0 ? 0 : blocks.offsetAt(blocks.count - 1) + blockBytes;
  // The block that holds the volume's end is stored whole.
  if (Math.ceil(volumeBytes / blockBytes) * blockBytes >= end) return null;
  return geometry(`${volumeCfgKey} has size ${volumeBytes}, and the last block of its latest backup ends at ${end}`);
}

function keyOf(volumeFolder: string, checksum: Uint8Array): string {
  return `${volumeFolder}${blockKeyOf(Buffer.from(checksum).toString('hex'))}`;
}

function geometry(detail: string): Fault {
  return { code: 'geometry', detail };
}
