import type { BackupSync } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { fieldsInJson } from '../../../testing/byte-changes.ts';
import { changeEveryByte, type FieldChanges, isFound, mayPass } from '../../../testing/change-every-byte.ts';
import { syncItemsOfLonghorn, writeLonghornVolume } from '../../../testing/longhorn-writer.ts';

const volume = writeLonghornVolume('bytes', 4, [[0, 1], [3]]);
const item = syncItemsOfLonghorn(volume, 'backups')[1] as BackupSync;

const unreadable = 'metadata: metadata_unreadable';
const descriptive = 'describes the backup, and means nothing to its data';
const counted = 'counts what writing cost';

const cfg: Record<string, FieldChanges> = {
  structure: isFound(unreadable),
  Name: isFound(unreadable, 'metadata: identity_mismatch'),
  VolumeName: isFound(unreadable, 'metadata: identity_mismatch'),
  // Without a block size in the cfg, the default applies, and the blocks are too small for it.
  Parameters: isFound('inventory: object_size_impossible', unreadable),
  'Parameters.backup-block-size': isFound('inventory: object_size_impossible', unreadable, 'linkage: geometry'),
  Blocks: isFound(unreadable, 'linkage: geometry'),
  'Blocks[].Offset': isFound(unreadable, 'linkage: geometry'),
  'Blocks[].BlockChecksum': isFound(unreadable, 'inventory: object_missing'),
  Size: mayPass('may be left out, as by another key: older writers did', unreadable, 'linkage: geometry'),
  CompressionMethod: mayPass('may be left out, as by another key: that is gzip, as here', unreadable),
  CreatedTime: mayPass('only whether it is empty counts', unreadable),
  SingleFile: mayPass('another key leaves out what is empty here', unreadable),
  'SingleFile.FilePath': mayPass('another key leaves out what is empty here', unreadable),
  SnapshotName: mayPass(descriptive, unreadable),
  SnapshotCreatedAt: mayPass(descriptive, unreadable),
  Labels: mayPass(descriptive, unreadable),
  'Labels.KubernetesStatus': mayPass(descriptive, unreadable),
  'Parameters.backup-mode': mayPass(descriptive, unreadable),
  IsIncremental: mayPass(descriptive, unreadable),
  NewlyUploadedDataSize: mayPass(counted, unreadable),
  ReUploadedDataSize: mayPass(counted, unreadable),
  ProcessingBlocks: mayPass('means something to the writer alone', unreadable),
};

const volumeCfg: Record<string, FieldChanges> = {
  structure: isFound(unreadable),
  Name: isFound(unreadable, 'metadata: identity_mismatch'),
  Size: mayPass('may be left out, as by another key: then the size is not said', unreadable, 'linkage: geometry'),
  LastBackupName: mayPass('with another name, the size is of a backup that is not this one', unreadable),
  Labels: mayPass(descriptive, unreadable),
  BlockCount: mayPass('may be stale', unreadable),
  CompressionMethod: mayPass('each backup says its own', unreadable),
  DataEngine: mayPass(descriptive, unreadable),
};

describe('a change of any single byte is found at the level of its field, or does not matter', () => {
  test.each([
    ['the cfg of a backup', item.image_path, cfg],
    ['volume.cfg', `${volume.volumeFolder}volume.cfg`, volumeCfg],
  ])('%s', { timeout: 120_000 }, async (_, key, fields) => {
    expect(await changeEveryByte({ objects: volume.objects, key, item, fieldsOf: fieldsInJson })).toEqual(fields);
  });
});
