import { Buffer } from 'node:buffer';
import type { BackupSync } from '@backup-sync/contracts';
import { quote } from '../../../quote.ts';
import type { ObjectEntry } from '../../../storage/port.ts';
import { formRemark } from '../../../unicode-form.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { ChainData, LinkData, StoredObject } from '../../data.ts';
import type { ChainExaminer } from '../../format.ts';
import { isLasting } from '../../proof/lasting-fault.ts';
import type { EdgeProof, Examination, RecordedListing, SharedListing } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { isSameShared } from '../../shared-objects.ts';
import type { BackupCfg } from './backup-cfg.ts';
import { blockKeyOf, type LonghornBackupPath, parseBackupPath } from './backup-path.ts';
import { checkVersion, proveBackup, readCfg } from './backup-proof.ts';
import { readVolumeCfg, type VolumeCfg } from './volume-cfg.ts';
import { digestOfObject, listingOf, listVolume, sharedListingOf, type VolumeListing } from './volume-listing.ts';

/** Blocks handed out at once. */
const batchBlocks = 1000;

/** The backups of one volume. They have no parents: each names all its blocks, and the blocks are shared. */
export class LonghornChain implements ChainExaminer {
  readonly #context: ChainContext;
  /** The shared objects of recorded backups, by the backup's id. */
  readonly #recorded: ReadonlyMap<string, RecordedListing>;
  #volume: VolumeListing;
  #secondLook: Promise<VolumeListing> | null = null;
  #volumeCfg: Promise<VolumeCfg> | null = null;

  private constructor(context: ChainContext, recorded: ReadonlyMap<string, RecordedListing>, volume: VolumeListing) {
    this.#context = context;
    this.#recorded = recorded;
    this.#volume = volume;
  }

  static async open(context: ChainContext, volumeFolder: string): Promise<LonghornChain> {
    const ids = context.imagePaths.map((imagePath) => parseBackupPath(imagePath)?.backupName ?? null);
    const recorded = await context.findListings(ids.filter((id) => id !== null));
    const byId = new Map(recorded.map((each) => [each.backupId, each]));
    return new LonghornChain(context, byId, await listVolume(context, volumeFolder, agesOf(byId.values())));
  }

  async examine(item: BackupSync): Promise<Examination | null> {
    const path = this.#pathOf(item);
    const entry = path === null ? undefined : this.#volume.backupCfgs.get(path.imagePath);
    if (path === null || entry === undefined) return null;
    const mismatch = requestMismatch(item, path);
    if (mismatch !== null) return this.#refused(path, entry, mismatch);
    const cfgs = new CfgReader(this.#context);
    const reused = await this.#reuse(path, entry, cfgs);
    if (reused !== null) return examinationOf(reused.proof, reused.shared, []);
    const proof = await this.#prove(path, cfgs);
    if (proof === null) return null;
    // The second look may have seen another state.
    const proved = this.#volume.backupCfgs.get(path.imagePath) ?? entry;
    return examinationOf(proof, sharedListingOf(this.#volume, proved), [proof]);
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
  async #prove(path: LonghornBackupPath, cfgs: CfgReader): Promise<EdgeProof | null> {
    const before = this.#volume;
    const first = await this.#attempt(path, before, cfgs);
    if (first === null || !first.looksMissing) return first?.proof ?? null;
    this.#secondLook ??= listVolume(this.#context, before.volumeFolder, agesOf(this.#recorded.values()));
    this.#volume = await this.#secondLook;
    const entry = this.#volume.backupCfgs.get(path.imagePath);
    if (entry === undefined) return null;
    if (isSameShared(sharedListingOf(this.#volume, entry), first.shared)) return first.proof;
    this.#volumeCfg = null;
    return (await this.#attempt(path, this.#volume, cfgs))?.proof ?? null;
  }

  async #attempt(path: LonghornBackupPath, volume: VolumeListing, cfgs: CfgReader) {
    const entry = volume.backupCfgs.get(path.imagePath);
    if (entry === undefined) return null;
    const proved = await proveBackup(
      this.#context,
      path,
      entry,
      volume,
      (read) => cfgs.read(read),
      (read, name) => this.#readVolumeCfg(read, name),
    );
    return { ...proved, shared: sharedListingOf(volume, entry) };
  }

  #readVolumeCfg(entry: ObjectEntry, volumeName: string): Promise<VolumeCfg> {
    this.#volumeCfg ??= readVolumeCfg(this.#context, entry, volumeName);
    return this.#volumeCfg;
  }

  /**
   * The recorded proof, where it still holds, with what is shared as it stands for. Null where it must be made anew: by
   * another check, at another place, of another cfg, or of blocks that are not as they were.
   */
  async #reuse(
    path: LonghornBackupPath,
    entry: ObjectEntry,
    cfgs: CfgReader,
  ): Promise<{ readonly proof: EdgeProof; readonly shared: SharedListing } | null> {
    const { storage, bucketName, findProofs } = this.#context;
    const [proof] = await findProofs([path.backupName]);
    const recorded = this.#recorded.get(path.backupName);
    const shared = recorded?.shared ?? null;
    if (proof === undefined || shared === null || proof.checkVersion !== checkVersion) return null;
    const { location, fault } = proof;
    if (location.storageUnitId !== storage.id || location.bucketName !== bucketName) return null;
    if (location.imagePath !== path.imagePath || (fault !== null && !isLasting(fault.code))) return null;
    const now = sharedListingOf(this.#volume, entry);
    if (recorded?.digest !== proof.listing.digest || shared.own !== now.own) return null;
    if (isSameShared(now, shared)) return { proof, shared };
    if (!(await this.#describesAsBefore(path, shared.index, now.index))) return null;
    const older = this.#volume.shared.upTo(shared.newestObjectAtMs);
    const hasOlder = older.count === shared.count && older.digest === shared.digest;
    // What has come since cannot harm a backup that is whole, yet it may mend one that is not.
    if (hasOlder && fault === null) return { proof, shared: now };
    try {
      const { digest } = listingOf(this.#volume, entry, await cfgs.read(entry));
      return digest === proof.listing.digest ? { proof, shared: now } : null;
    } catch (error) {
      if (error instanceof ReadFault) return null;
      throw error;
    }
  }

  /** Whether `volume.cfg` says of this backup what it said when that was proved. It tells the size of the latest alone. */
  async #describesAsBefore(path: LonghornBackupPath, before: string | null, now: string | null): Promise<boolean> {
    const { volumeCfg } = this.#volume;
    if (volumeCfg === null || before === now) return before === now;
    try {
      const { lastBackupName } = await this.#readVolumeCfg(volumeCfg, path.volumeName);
      return lastBackupName !== path.backupName;
    } catch (error) {
      if (error instanceof ReadFault) return false;
      throw error;
    }
  }

  /** Nothing was read: the request contradicts the path that it gives itself. */
  #refused(path: LonghornBackupPath, entry: ObjectEntry, detail: string): Examination {
    const { storage, bucketName, nowMs } = this.#context;
    const proof: EdgeProof = {
      backupId: path.backupName,
      location: { storageUnitId: storage.id, bucketName, imagePath: path.imagePath },
      listing: listingOf(this.#volume, entry, null),
      contentId: null,
      parentBackupId: null,
      parentListingDigest: null,
      level: null,
      fault: { code: 'identity_mismatch', detail },
      limit: null,
      remark: null,
      volumeBytes: null,
      formatTime: null,
      checkVersion,
      verifiedAtMs: nowMs(),
      metadataObjects: [],
    };
    return { ...examinationOf(proof, sharedListingOf(this.#volume, entry), []), contradictsRequest: true };
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

function examinationOf(proof: EdgeProof, shared: SharedListing, newProofs: readonly EdgeProof[]): Examination {
  const { listing, contentId, level, fault, limit, remark, volumeBytes, formatTime, verifiedAtMs } = proof;
  return {
    format: 'longhorn',
    listing,
    shared,
    contentId,
    level,
    fault,
    contradictsRequest: false,
    limit,
    remark,
    parentBackupId: null,
    missingParentId: null,
    ancestors: [],
    unreadHashes: [],
    awaitingData: [],
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

/** Reads a cfg at most once while one backup is examined: it may name millions of blocks. */
class CfgReader {
  readonly #context: ChainContext;
  #last: { readonly digest: string; readonly cfg: Promise<BackupCfg> } | null = null;

  constructor(context: ChainContext) {
    this.#context = context;
  }

  read(entry: ObjectEntry): Promise<BackupCfg> {
    const digest = digestOfObject(entry);
    if (this.#last?.digest !== digest) this.#last = { digest, cfg: readCfg(this.#context, entry) };
    return this.#last.cfg;
  }
}

function agesOf(recorded: Iterable<RecordedListing>): readonly number[] {
  return [...recorded].map(({ shared }) => shared?.newestObjectAtMs ?? null).filter((timeMs) => timeMs !== null);
}

function requestMismatch(item: BackupSync, path: LonghornBackupPath): string | null {
  if (item.backup_id !== path.backupName) {
    const remark = formRemark(item.backup_id, path.backupName);
    return `the request has backup_id ${quote(item.backup_id)}, and its image path is of ${quote(path.backupName)}${remark}`;
  }
  if (item.resource_type.includes('Volume') && item.resource_id !== path.volumeName) {
    const remark = formRemark(item.resource_id, path.volumeName);
    return `the request has resource_id ${quote(item.resource_id)}, and its image path is of ${quote(path.volumeName)}${remark}`;
  }
  return null;
}
