import type { RecognisedFormat } from '../../format.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { readPlainObject } from '../../read-plain-object.ts';
import { longhornTimeOf, readBackupCfg } from './backup-cfg.ts';
import { parseBackupPath, volumeFolderOfShared } from './backup-path.ts';
import { LonghornProver } from './longhorn-prover.ts';
import { LonghornReader } from './longhorn-reader.ts';
import { LonghornVolume } from './longhorn-volume.ts';
import { VolumeComparison } from './volume-comparison.ts';

/** The type of a Longhorn volume in records. Longhorn's own API has no such name. */
const resourceType = 'Longhorn::Volume';

/** Backups in a Longhorn backupstore. The image path of a backup is the key of its cfg, `….cfg` included. */
export const longhornFormat: RecognisedFormat = {
  backupIdOf(imagePath) {
    return parseBackupPath(imagePath)?.backupName ?? null;
  },

  objectsPrefixOf(imagePath) {
    return parseBackupPath(imagePath)?.volumeFolder ?? imagePath;
  },

  isOutdated() {
    return false;
  },

  compare(volumeFolder) {
    return new VolumeComparison(volumeFolder);
  },

  /** Only cfgs count. A block does not show which backups use it: without a cfg it is garbage. */
  partOf(key) {
    const parsed = parseBackupPath(key);
    return parsed === null ? null : { imagePath: parsed.imagePath, markKey: key };
  },

  ownerOf(key) {
    const parsed = parseBackupPath(key);
    if (parsed !== null) return { imagePath: parsed.imagePath, isExact: true };
    const volumeFolder = volumeFolderOfShared(key);
    return volumeFolder === null ? null : { imagePath: `${volumeFolder}backups/backup_<name>.cfg`, isExact: false };
  },

  /** The keys alone prove the owner. */
  async findNamingBackup() {
    return null;
  },

  async describe(context, imagePath) {
    const reading = await readBackupCfg(await readPlainObject(context, imagePath));
    if (reading.kind === 'unreadable') {
      throw new ReadFault({ code: 'metadata_unreadable', detail: `${imagePath}: ${reading.detail}` }, false);
    }
    const { name, volumeName, snapshotName, createdTime } = reading.cfg;
    if (createdTime === '') {
      throw new ReadFault({ code: 'incomplete', detail: `${imagePath} has no creation time yet` }, false);
    }
    return {
      backupId: name,
      originalName: snapshotName ?? name,
      resourceId: volumeName,
      resourceName: volumeName,
      resourceType,
      createdAtS: Math.max(0, Math.floor((longhornTimeOf(reading.cfg)?.atMs ?? 0) / 1000)),
      parentBackupId: null,
    };
  },

  async open(context, volumeFolder) {
    const volume = await LonghornVolume.open(context, volumeFolder);
    return new WalkedChain(context, new LonghornProver(volume), new LonghornReader(volume));
  },
};
