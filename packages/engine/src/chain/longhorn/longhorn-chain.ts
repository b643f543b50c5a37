import { Buffer } from 'node:buffer';
import type { BackupSync } from '@backup-sync/contracts';
import { ReadFault } from '../cinder/read-fault.ts';
import type { ChainData, LinkData, StoredObject } from '../data.ts';
import type { ChainContext } from '../examiner.ts';
import type { FormatChain } from '../format.ts';
import { isLasting } from '../lasting-fault.ts';
import type { EdgeProof, Examination } from '../link.ts';
import { quote } from '../quote.ts';
import type { BackupCfg } from './backup-cfg.ts';
import { blockKeyOf, type LonghornBackupPath, parseBackupPath } from './backup-path.ts';
import { checkVersion, proveBackup, readCfg } from './backup-proof.ts';
import { readVolumeCfg, type VolumeCfg } from './volume-cfg.ts';
import { listingOf, listVolume, type VolumeListing } from './volume-listing.ts';

/** Blocks handed out at once. */
const batchBlocks = 1000;

/** The backups of one volume. They have no parents: each names all its blocks, and the blocks are shared. */
export class LonghornChain implements FormatChain {
  readonly #context: ChainContext;
  #volume: VolumeListing;
  #secondLook: Promise<VolumeListing> | null = null;
  #volumeCfg: Promise<VolumeCfg> | null = null;

  private constructor(context: ChainContext, volume: VolumeListing) {
    this.#context = context;
    this.#volume = volume;
  }

  static async open(context: ChainContext, volumeFolder: string): Promise<LonghornChain> {
    return new LonghornChain(context, await listVolume(context, volumeFolder));
  }

  async examine(item: BackupSync): Promise<Examination | null> {
    const path = this.#pathOf(item);
    const entry = path === null ? undefined : this.#volume.backupCfgs.get(path.imagePath);
    if (path === null || entry === undefined) return null;
    const mismatch = requestMismatch(item, path);
    if (mismatch !== null) return this.#examinationOf(this.#refusal(path, mismatch), [], true);
    const recorded = await this.#recorded(path);
    if (recorded !== null) return this.#examinationOf(recorded, []);
    const proof = await this.#prove(path);
    return proof === null ? null : this.#examinationOf(proof, [proof]);
  }

  /** What is stored of a backup: one link, since it stands alone. Throws `ReadFault`, and what storage throws. */
  async openData(item: BackupSync): Promise<ChainData | null> {
    const path = this.#pathOf(item);
    const entry = path === null ? undefined : this.#volume.backupCfgs.get(path.imagePath);
    const { volumeCfg } = this.#volume;
    if (path === null || entry === undefined) return null;
    const cfg = await readCfg(this.#context, entry);
    if (cfg.isSingleFile) {
      throw new ReadFault({ code: 'metadata_unreadable', detail: `${entry.key} names no blocks to read` }, false);
    }
    const { sizeBytes } =
      volumeCfg === null ? { sizeBytes: null } : await this.#readVolumeCfg(volumeCfg, path.volumeName);
    const { blocks, blockBytes } = cfg;
    const end = blocks.count === 0 ? 0 : blocks.offsetAt(blocks.count - 1) + blockBytes;
    const link: LinkData = {
      backupId: path.backupName,
      location: { storageUnitId: this.#context.storage.id, bucketName: this.#context.bucketName, imagePath: entry.key },
      objects: () => this.#objectsOf(cfg),
      blocks: null,
      volumeBytes: Math.max(sizeBytes ?? 0, end),
    };
    return { links: [link], holesAreZeros: true };
  }

  /** Null where the item is of another volume, or of no Longhorn backup. */
  #pathOf(item: BackupSync): LonghornBackupPath | null {
    const path = parseBackupPath(item.image_path);
    return path?.volumeFolder === this.#volume.volumeFolder ? path : null;
  }

  /** Null where the backup is gone at the second look. */
  async #prove(path: LonghornBackupPath): Promise<EdgeProof | null> {
    const before = this.#volume;
    const first = await this.#attempt(path, before);
    if (first === null || !first.looksMissing) return first?.proof ?? null;
    this.#secondLook ??= listVolume(this.#context, before.volumeFolder);
    this.#volume = await this.#secondLook;
    const entry = this.#volume.backupCfgs.get(path.imagePath);
    if (entry === undefined) return null;
    const isSame = listingOf(this.#volume, entry, { count: 0, storedBytes: 0 }).digest === first.proof.listing.digest;
    if (isSame) return first.proof;
    this.#volumeCfg = null;
    return (await this.#attempt(path, this.#volume))?.proof ?? null;
  }

  async #attempt(path: LonghornBackupPath, volume: VolumeListing) {
    const entry = volume.backupCfgs.get(path.imagePath);
    if (entry === undefined) return null;
    return await proveBackup(this.#context, path, entry, volume, (read, name) => this.#readVolumeCfg(read, name));
  }

  #readVolumeCfg(entry: Parameters<typeof readVolumeCfg>[1], volumeName: string): Promise<VolumeCfg> {
    this.#volumeCfg ??= readVolumeCfg(this.#context, entry, volumeName);
    return this.#volumeCfg;
  }

  /** The recorded proof, where it still holds: same check, same place, same listing. */
  async #recorded(path: LonghornBackupPath): Promise<EdgeProof | null> {
    const { storage, bucketName, findProofs } = this.#context;
    const [proof] = await findProofs([path.backupName]);
    const entry = this.#volume.backupCfgs.get(path.imagePath);
    if (proof === undefined || entry === undefined || proof.checkVersion !== checkVersion) return null;
    const { location, fault } = proof;
    if (location.storageUnitId !== storage.id || location.bucketName !== bucketName) return null;
    if (location.imagePath !== path.imagePath || (fault !== null && !isLasting(fault.code))) return null;
    const { digest } = listingOf(this.#volume, entry, { count: 0, storedBytes: 0 });
    return proof.listing.digest === digest ? proof : null;
  }

  /** Nothing was read: the request contradicts the path that it gives itself. */
  #refusal(path: LonghornBackupPath, detail: string): EdgeProof {
    const { storage, bucketName, nowMs } = this.#context;
    const entry = this.#volume.backupCfgs.get(path.imagePath);
    if (entry === undefined) throw new TypeError(`${path.imagePath} was listed`);
    return {
      backupId: path.backupName,
      location: { storageUnitId: storage.id, bucketName, imagePath: path.imagePath },
      listing: listingOf(this.#volume, entry, { count: 0, storedBytes: 0 }),
      contentId: null,
      parentBackupId: null,
      parentListingDigest: null,
      level: null,
      fault: { code: 'identity_mismatch', detail },
      limit: null,
      volumeBytes: null,
      formatTime: null,
      checkVersion,
      verifiedAtMs: nowMs(),
      metadataObjects: [],
    };
  }

  #examinationOf(proof: EdgeProof, newProofs: readonly EdgeProof[], contradictsRequest = false): Examination {
    const { listing, contentId, level, fault, limit, volumeBytes, formatTime, verifiedAtMs } = proof;
    return {
      format: 'longhorn',
      listing,
      contentId,
      level,
      fault,
      contradictsRequest,
      limit,
      parentBackupId: null,
      ancestors: [],
      unreadHashes: [],
      // Each names all its blocks: none needs another to be restored.
      incremental: contentId === null ? null : false,
      volumeBytes,
      formatTime,
      parentFormatTime: null,
      verifiedAtMs,
      checkVersion,
      newProofs,
    };
  }

  async *#objectsOf({ blocks, blockBytes, compression }: BackupCfg): AsyncGenerator<StoredObject[]> {
    const { volumeFolder, blocks: listed } = this.#volume;
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

function requestMismatch(item: BackupSync, path: LonghornBackupPath): string | null {
  if (item.backup_id !== path.backupName) {
    return `the request has backup_id ${quote(item.backup_id)}, and its image path is of ${quote(path.backupName)}`;
  }
  if (item.resource_type.includes('Volume') && item.resource_id !== path.volumeName) {
    return `the request has resource_id ${quote(item.resource_id)}, and its image path is of ${quote(path.volumeName)}`;
  }
  return null;
}
