import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import type { ComparedBackup, Likeness, ListingComparison } from '../../listing-comparison.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { digestOfEntry, SharedObjects } from '../../shared-objects.ts';
import { checksumOfBlockKey, parseBackupPath } from './backup-path.ts';
import { readVolumeCfg } from './volume-cfg.ts';
import { digestOfObject, volumeCfgName } from './volume-listing.ts';

/**
 * Compares the recorded backups of one volume with the listing of its folder, without reading them. A backup is
 * unchanged if its cfg is, and if the blocks that were there when it was proved still are. Blocks that were added later
 * can complete a broken backup, but cannot harm any.
 */
export class VolumeComparison implements ListingComparison {
  readonly #volumeFolder: string;
  readonly #expected: ComparedBackup[] = [];
  readonly #expectedKeys = new Set<string>();
  /** Digests of the cfgs of the expected backups, by key. */
  readonly #own = new Map<string, string>();
  #shared: SharedObjects | null = null;
  #volumeCfg: ObjectEntry | null = null;
  #hasUnrecorded = false;

  constructor(volumeFolder: string) {
    this.#volumeFolder = volumeFolder;
  }

  expect(backup: ComparedBackup): void {
    this.#expected.push(backup);
    this.#expectedKeys.add(backup.imagePath);
  }

  pass(entry: ObjectEntry): void {
    const relativeKey = entry.key.slice(this.#volumeFolder.length);
    if (checksumOfBlockKey(relativeKey) !== null) {
      // The listing has all cfgs before the first block.
      this.#shared ??= this.#sets();
      this.#shared.add(digestOfEntry(relativeKey, entry), entry.modifiedAtMs);
    } else if (relativeKey === volumeCfgName) this.#volumeCfg = entry;
    else if (this.#expectedKeys.has(entry.key)) {
      this.#own.set(entry.key, digestOfObject(entry));
    } else this.#hasUnrecorded ||= parseBackupPath(entry.key) !== null;
  }

  async finish(context: BucketContext): Promise<ReadonlyMap<string, Likeness>> {
    const likeness = new Map(this.#expected.map((each) => [each.backupId, this.#likenessOf(each)]));
    await this.#compareVolumeCfg(context, likeness);
    return likeness;
  }

  #sets(): SharedObjects {
    const times = this.#expected.map(({ shared }) => shared?.newestObjectAtMs ?? null);
    return new SharedObjects(times.filter((timeMs) => timeMs !== null));
  }

  #likenessOf({ imagePath, shared, fault }: ComparedBackup): Likeness {
    const own = this.#own.get(imagePath);
    if (own === undefined) return 'absent';
    if (shared === null || shared.own !== own) return 'changed';
    const sets = this.#shared ?? this.#sets();
    const older = sets.upTo(shared.newestObjectAtMs);
    if (older.count !== shared.count || older.digest !== shared.digest) return 'changed';
    return fault !== null && sets.all().count > shared.count ? 'changed' : 'same';
  }

  /**
   * Decides what a changed `volume.cfg` means. Every backup of the volume needs it, and every new backup rewrites it.
   * It is fine if a whole backup was proved with this version. Otherwise it is read once, and one backup is marked as
   * changed, so that its proof makes this version known.
   */
  async #compareVolumeCfg(context: BucketContext, likeness: Map<string, Likeness>): Promise<void> {
    const index = this.#volumeCfg === null ? null : digestOfObject(this.#volumeCfg);
    const same = this.#expected.filter(({ backupId }) => likeness.get(backupId) === 'same');
    const isKnown = same.some(({ shared, fault }) => fault === null && index !== null && shared?.index === index);
    if (isKnown) {
      // A backup may be broken because of the volume.cfg that it was proved with.
      for (const each of same)
        if (each.fault !== null && each.shared?.index !== index) likeness.set(each.backupId, 'changed');
      return;
    }
    const other = same.filter(({ shared }) => shared?.index !== index);
    if (other.length === 0) return;
    const last = await this.#lastBackup(context);
    if (last === undefined) {
      for (const { backupId } of other) likeness.set(backupId, 'changed');
      return;
    }
    for (const { backupId, fault } of other) {
      if (fault !== null || backupId === last) likeness.set(backupId, 'changed');
    }
    const [first] = other;
    if (first !== undefined && !this.#hasUnrecorded && !other.some(({ backupId }) => backupId === last)) {
      likeness.set(first.backupId, 'changed');
    }
  }

  /** The id of the volume's latest backup, from `volume.cfg`; undefined if the file is missing or makes no sense. */
  async #lastBackup(context: BucketContext): Promise<string | null | undefined> {
    const [first] = this.#expected;
    const volumeName = parseBackupPath(first?.imagePath ?? '')?.volumeName;
    if (this.#volumeCfg === null || volumeName === undefined) return undefined;
    try {
      return (await readVolumeCfg(context, this.#volumeCfg, volumeName)).lastBackupName;
    } catch (error) {
      if (error instanceof ReadFault) return undefined;
      throw error;
    }
  }
}
