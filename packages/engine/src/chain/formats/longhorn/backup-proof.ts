import { quote } from '../../../quote.ts';
import type { ObjectEntry } from '../../../storage/port.ts';
import { formRemark } from '../../../unicode-form.ts';
import type { Check } from '../../proof/check-version.ts';
import { wholeForm } from '../../proof/form.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { Form } from '../../proof/link.ts';
import { concludeEdge, type Finding, type ListedLink, type ProvedLink } from '../../proof/proved-link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { type BackupCfg, longhornTimeOf } from './backup-cfg.ts';
import type { LonghornBackupPath } from './backup-path.ts';
import { checkBlocks, checkOffsets, checkVolumeSize } from './block-check.ts';
import type { LonghornVolume } from './longhorn-volume.ts';
import { listingOf, sharedListingOf } from './volume-listing.ts';

/** Raise the version when an old proof would come out differently today. */
export const longhornCheck: Check = { version: 'longhorn/2', reusable: [], judgedByEtag: [] };

/** A backup as it was last listed. Only its cfg says which blocks it needs. */
export type LonghornLink = ListedLink & { readonly path: LonghornBackupPath; readonly entry: ObjectEntry };

const singleFileForm: Form = { ceiling: 'presence', gaps: ['no_block_map'] };

const singleFileLimit =
  'it is a single file without blocks or hashes (a backing image), so only its presence can be proved';

/** Proves one backup as far as possible without reading blocks. Throws storage errors. */
export async function proveBackup(volume: LonghornVolume, link: LonghornLink): Promise<ProvedLink<LonghornLink>> {
  const { entry } = link;
  let cfg: BackupCfg | null = null;
  let finding: Finding<LonghornLink>;
  try {
    cfg = await volume.readCfg(entry);
    finding = await judge(volume, link, cfg);
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    const { fault, looksMissing } = error;
    finding = { level: isOfAccess(fault.code) ? 'presence' : null, fault, suspect: looksMissing ? link : null };
  }
  const { listing } = volume;
  return concludeEdge(
    volume.context,
    {
      link,
      listing: listingOf(listing, entry, cfg),
      shared: sharedListingOf(listing, entry),
      parent: null,
      contentId: cfg?.contentId ?? null,
      parentBackupId: null,
      form: cfg === null ? null : cfg.isSingleFile ? singleFileForm : wholeForm,
      formatTime: cfg === null ? null : longhornTimeOf(cfg),
      checkVersion: longhornCheck.version,
      read: [entry, listing.volumeCfg],
      remark: null,
      awaitsData: false,
    },
    finding,
  );
}

async function judge(volume: LonghornVolume, link: LonghornLink, cfg: BackupCfg): Promise<Finding<LonghornLink>> {
  const { imagePath, volumeFolder, volumeName, backupName, isInPlace } = link.path;
  const { listing } = volume;
  if (cfg.name !== backupName)
    return mismatch(`${imagePath} has the name ${quote(cfg.name)}${formRemark(cfg.name, backupName)}`);
  if (cfg.volumeName !== volumeName)
    return mismatch(`${imagePath} is of volume ${quote(cfg.volumeName)}${formRemark(cfg.volumeName, volumeName)}`);
  if (!isInPlace) return mismatch(`${volumeFolder} is not the folder of a volume with the name ${quote(volumeName)}`);
  if (cfg.createdTime === '') {
    return { fault: { code: 'incomplete', detail: `${imagePath} has no creation time yet` }, suspect: link };
  }
  if (listing.volumeCfg === null) {
    return { fault: { code: 'incomplete', detail: `${volumeFolder}volume.cfg is not there` }, suspect: link };
  }
  const volumeCfg = await volume.readVolumeCfg(listing.volumeCfg, volumeName);
  // The volume records its size only for its latest backup.
  const volumeBytes = volumeCfg.lastBackupName === backupName ? volumeCfg.sizeBytes : null;
  if (cfg.isSingleFile) return { fault: null, level: 'presence', limit: singleFileLimit, volumeBytes };
  const inventory = checkBlocks(cfg, listing.blocks, volumeFolder);
  if (inventory !== null) {
    return { level: 'metadata', fault: inventory, suspect: inventory.code === 'object_missing' ? link : null };
  }
  const geometry = checkOffsets(cfg, imagePath) ?? checkVolumeSize(cfg, volumeBytes, `${volumeFolder}volume.cfg`);
  if (geometry !== null) return { level: 'inventory', fault: geometry };
  return { fault: null, level: 'linkage', volumeBytes };
}

function mismatch(detail: string): Finding<LonghornLink> {
  return { fault: { code: 'identity_mismatch', detail } };
}
