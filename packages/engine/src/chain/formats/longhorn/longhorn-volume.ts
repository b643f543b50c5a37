import type { ObjectEntry } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { RecordedListing } from '../../proof/link.ts';
import { ReadFault, readListedObject } from '../../proof/read-fault.ts';
import { unreadableMetadata } from '../../proof/young-metadata.ts';
import { type BackupCfg, readBackupCfg } from './backup-cfg.ts';
import { parseBackupPath } from './backup-path.ts';
import { readVolumeCfg, type VolumeCfg } from './volume-cfg.ts';
import { digestOfObject, listVolume, type VolumeListing } from './volume-listing.ts';

/** The folder of one volume during a run: its listing, and the metadata that was read last. */
export class LonghornVolume {
  readonly context: ChainContext;
  /** The recorded listings of the backups that the run was opened for, by backup id. */
  readonly recorded: ReadonlyMap<string, RecordedListing>;
  #listing: VolumeListing;
  #secondLook: Promise<VolumeListing> | null = null;
  #volumeCfg: Promise<VolumeCfg> | null = null;
  /** Only the last cfg is kept, because a cfg may name millions of blocks. */
  #lastCfg: { readonly digest: string; readonly cfg: Promise<BackupCfg> } | null = null;

  private constructor(context: ChainContext, recorded: ReadonlyMap<string, RecordedListing>, listing: VolumeListing) {
    this.context = context;
    this.recorded = recorded;
    this.#listing = listing;
  }

  /** Lists the folder. Throws storage errors. */
  static async open(context: ChainContext, volumeFolder: string): Promise<LonghornVolume> {
    const ids = context.imagePaths.map((imagePath) => parseBackupPath(imagePath)?.backupName ?? null);
    const recorded = await context.findListings(ids.filter((id) => id !== null));
    const byId = new Map(recorded.map((each) => [each.backupId, each]));
    return new LonghornVolume(context, byId, await listVolume(context, volumeFolder, agesOf(byId.values())));
  }

  /** The latest listing. */
  get listing(): VolumeListing {
    return this.#listing;
  }

  /** Lists the folder a second time, but only once in a run. Throws storage errors. */
  async listAgain(): Promise<void> {
    this.#secondLook ??= listVolume(this.context, this.#listing.volumeFolder, agesOf(this.recorded.values()));
    this.#listing = await this.#secondLook;
  }

  /** Reads `volume.cfg`, once for all backups. Throws `ReadFault`, and storage errors. */
  readVolumeCfg(entry: ObjectEntry, volumeName: string): Promise<VolumeCfg> {
    this.#volumeCfg ??= readVolumeCfg(this.context, entry, volumeName);
    return this.#volumeCfg;
  }

  /** Has `volume.cfg` read again when it is next needed, because it has changed. */
  forgetVolumeCfg(): void {
    this.#volumeCfg = null;
  }

  /** Reads the cfg of a backup, once while that backup is proved. Throws `ReadFault`, and storage errors. */
  readCfg(entry: ObjectEntry): Promise<BackupCfg> {
    const digest = digestOfObject(entry);
    if (this.#lastCfg?.digest !== digest) this.#lastCfg = { digest, cfg: readCfg(this.context, entry) };
    return this.#lastCfg.cfg;
  }

  releaseCfg(): void {
    this.#lastCfg = null;
  }
}

/** Reads the cfg of a backup. Throws `ReadFault`, and storage errors. */
export async function readCfg(context: ChainContext, entry: ObjectEntry): Promise<BackupCfg> {
  const { storage, bucketName, signal } = context;
  const request = { bucket: bucketName, key: entry.key, signal };
  const reading = await readBackupCfg(await readListedObject(storage, request, entry));
  if (reading.kind === 'read') return reading.cfg;
  // On a file system, a cfg can be seen while it is being written.
  const { detail, truncated } = reading;
  throw new ReadFault(
    unreadableMetadata({ detail: `${entry.key}: ${detail}`, truncated }, entry, context.nowMs()),
    false,
  );
}

function agesOf(recorded: Iterable<RecordedListing>): readonly number[] {
  return [...recorded].map(({ shared }) => shared?.newestObjectAtMs ?? null).filter((timeMs) => timeMs !== null);
}
