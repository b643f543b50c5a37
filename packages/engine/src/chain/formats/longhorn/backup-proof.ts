import { printable, quote } from '../../../quote.ts';
import type { ObjectEntry } from '../../../storage/port.ts';
import { formRemark } from '../../../unicode-form.ts';
import type { ChainContext } from '../../chain-context.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { EdgeProof, Fault } from '../../proof/link.ts';
import { ReadFault, readListedObject } from '../../proof/read-fault.ts';
import { unreadableMetadata } from '../../proof/young-metadata.ts';
import { type BackupCfg, longhornTimeOf, readBackupCfg } from './backup-cfg.ts';
import type { LonghornBackupPath } from './backup-path.ts';
import { checkBlocks, checkOffsets, checkVolumeSize } from './block-check.ts';
import type { VolumeCfg } from './volume-cfg.ts';
import { listingOf, type VolumeListing } from './volume-listing.ts';

/** Rises when a proof of old would come out otherwise now: recorded proofs of another version do not count. */
export const checkVersion = 'longhorn/2';

const singleFileLimit =
  'it is one file without blocks or hashes (a backing image): that it is there is all that can be said';

/** Reads the cfg of the volume once for all its backups. Throws `ReadFault`. */
export type VolumeCfgReader = (entry: ObjectEntry, volumeName: string) => Promise<VolumeCfg>;

export type ProvedBackup = {
  readonly proof: EdgeProof;
  /** Something looks missing: the folder is listed once more before that is believed. */
  readonly looksMissing: boolean;
};

type Finding = {
  readonly level?: EdgeProof['level'];
  readonly fault?: Fault;
  readonly limit?: string;
  readonly volumeBytes?: number | null;
  readonly looksMissing?: boolean;
};

/** Proves one backup as far as it goes without reading blocks. `readOwnCfg` reads its cfg, and may throw `ReadFault`. */
export async function proveBackup(
  context: ChainContext,
  path: LonghornBackupPath,
  entry: ObjectEntry,
  volume: VolumeListing,
  readOwnCfg: (entry: ObjectEntry) => Promise<BackupCfg>,
  readVolumeCfg: VolumeCfgReader,
): Promise<ProvedBackup> {
  let cfg: BackupCfg | null = null;
  let finding: Finding;
  try {
    cfg = await readOwnCfg(entry);
    finding = await judge(path, cfg, volume, readVolumeCfg);
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    const { fault, looksMissing } = error;
    finding = { level: isOfAccess(fault.code) ? 'presence' : null, fault, looksMissing };
  }
  const { level = null, fault = null, limit = null, volumeBytes = null, looksMissing = false } = finding;
  const proof: EdgeProof = {
    backupId: path.backupName,
    location: { storageUnitId: context.storage.id, bucketName: context.bucketName, imagePath: path.imagePath },
    listing: listingOf(volume, entry, cfg),
    contentId: cfg?.contentId ?? null,
    parentBackupId: null,
    parentListingDigest: null,
    level,
    fault: fault === null ? null : { code: fault.code, detail: printable(fault.detail) },
    limit,
    remark: null,
    volumeBytes,
    formatTime: cfg === null ? null : longhornTimeOf(cfg),
    checkVersion,
    verifiedAtMs: context.nowMs(),
    metadataObjects: [entry, volume.volumeCfg]
      .filter((read) => read !== null)
      .map(({ key, etag, size, modifiedAtMs }) => ({ key, etag, size, modifiedAtMs })),
  };
  return { proof, looksMissing };
}

/** Reads the cfg of a backup. Throws `ReadFault`, and what storage throws. */
export async function readCfg(context: ChainContext, entry: ObjectEntry): Promise<BackupCfg> {
  const { storage, bucketName, signal } = context;
  const request = { bucket: bucketName, key: entry.key, signal };
  const reading = await readBackupCfg(await readListedObject(storage, request, entry));
  if (reading.kind === 'read') return reading.cfg;
  // On a file system a cfg is seen while it is written.
  const { detail, truncated } = reading;
  throw new ReadFault(
    unreadableMetadata({ detail: `${entry.key}: ${detail}`, truncated }, entry, context.nowMs()),
    false,
  );
}

async function judge(
  path: LonghornBackupPath,
  cfg: BackupCfg,
  volume: VolumeListing,
  readVolumeCfg: VolumeCfgReader,
): Promise<Finding> {
  const { imagePath, volumeFolder, volumeName, backupName, isInPlace } = path;
  if (cfg.name !== backupName)
    return mismatch(`${imagePath} has the name ${quote(cfg.name)}${formRemark(cfg.name, backupName)}`);
  if (cfg.volumeName !== volumeName)
    return mismatch(`${imagePath} is of volume ${quote(cfg.volumeName)}${formRemark(cfg.volumeName, volumeName)}`);
  if (!isInPlace) return mismatch(`${volumeFolder} is not the folder of a volume with the name ${quote(volumeName)}`);
  if (cfg.createdTime === '') {
    return { fault: { code: 'incomplete', detail: `${imagePath} has no time of creation yet` }, looksMissing: true };
  }
  if (volume.volumeCfg === null) {
    return { fault: { code: 'incomplete', detail: `${volumeFolder}volume.cfg is not there` }, looksMissing: true };
  }
  const volumeCfg = await readVolumeCfg(volume.volumeCfg, volumeName);
  // Only of its latest backup does the volume tell the size.
  const volumeBytes = volumeCfg.lastBackupName === backupName ? volumeCfg.sizeBytes : null;
  if (cfg.isSingleFile) return { level: 'presence', limit: singleFileLimit, volumeBytes };
  const inventory = checkBlocks(cfg, volume.blocks, volumeFolder);
  if (inventory !== null) {
    return { level: 'metadata', fault: inventory, looksMissing: inventory.code === 'object_missing' };
  }
  const geometry = checkOffsets(cfg, imagePath) ?? checkVolumeSize(cfg, volumeBytes, `${volumeFolder}volume.cfg`);
  if (geometry !== null) return { level: 'inventory', fault: geometry };
  return { level: 'linkage', volumeBytes };
}

function mismatch(detail: string): Finding {
  return { fault: { code: 'identity_mismatch', detail } };
}
