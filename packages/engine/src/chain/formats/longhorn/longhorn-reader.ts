import { Buffer } from 'node:buffer';
import type { ChainData, StoredObject } from '../../data.ts';
import type { LinkReader, ReadLink } from '../../proof/data-walk.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { BackupCfg } from './backup-cfg.ts';
import { blockKeyOf } from './backup-path.ts';
import type { LonghornLink } from './backup-proof.ts';
import { type LonghornVolume, readCfg } from './longhorn-volume.ts';

/** Number of blocks in a batch. */
const batchBlocks = 1000;

/** The cfg of a backup, and the size of its volume in bytes. */
type Read = { readonly cfg: BackupCfg; readonly volumeBytes: number };

/** Reads which blocks the backups of one volume consist of. Each backup stands alone. */
export class LonghornReader implements LinkReader<LonghornLink, Read> {
  readonly #volume: LonghornVolume;

  constructor(volume: LonghornVolume) {
    this.#volume = volume;
  }

  async read({ entry, path }: LonghornLink): Promise<Read> {
    const cfg = await readCfg(this.#volume.context, entry);
    if (cfg.isSingleFile) {
      throw new ReadFault({ code: 'metadata_unreadable', detail: `${entry.key} names no blocks to read` }, false);
    }
    const { volumeCfg } = this.#volume.listing;
    const sizeBytes =
      volumeCfg === null ? null : (await this.#volume.readVolumeCfg(volumeCfg, path.volumeName)).sizeBytes;
    const { blocks, blockBytes } = cfg;
    const end = blocks.count === 0 ? 0 : blocks.offsetAt(blocks.count - 1) + blockBytes;
    return { cfg, volumeBytes: Math.max(sizeBytes ?? 0, end) };
  }

  parentIdOf(): null {
    return null;
  }

  async *parentsOf(): AsyncGenerator<LonghornLink> {}

  async open(links: readonly ReadLink<LonghornLink, Read>[]): Promise<ChainData> {
    const { storage } = this.#volume.context;
    return {
      links: links.map(({ link: { backupId, bucketName, imagePath }, read: { cfg, volumeBytes } }) => ({
        backupId,
        location: { storageUnitId: storage.id, bucketName, imagePath },
        objects: () => this.#objectsOf(cfg),
        blocks: null,
        volumeBytes,
      })),
      holesAreZeros: true,
    };
  }

  async *#objectsOf({ blocks, blockBytes, compression }: BackupCfg): AsyncGenerator<StoredObject[]> {
    const { volumeFolder, blocks: listed } = this.#volume.listing;
    let batch: StoredObject[] = [];
    for (let row = 0; row < blocks.count; row += 1) {
      const checksum = blocks.checksums.at(row) ?? new Uint8Array();
      const hex = Buffer.from(checksum).toString('hex');
      const key = `${volumeFolder}${blockKeyOf(hex)}`;
      const listedRow = listed.rowOf(checksum);
      if (listedRow === null) throw new ReadFault({ code: 'object_missing', detail: key }, true);
      batch.push({
        key,
        storedBytes: listed.sizeAt(listedRow),
        etag: null,
        offset: blocks.offsetAt(row),
        length: blockBytes,
        compression,
        plainDigest: { algorithm: 'sha512', hex },
        storedDigest: null,
      });
      if (batch.length === batchBlocks) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  }
}
