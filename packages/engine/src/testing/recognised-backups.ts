import type { BackupSync } from '@backup-sync/contracts';
import { type ProgramName, programNames } from '../chain/formats/recognised/programs.ts';
import type { FormatTime } from '../chain/proof/link.ts';
import { seededBytes, seededUuid } from './seeded-bytes.ts';

/** Objects as another program stores them, with names like the program's and without real content. */
export type RecognisedBackup = {
  readonly format: ProgramName;
  readonly imagePath: string;
  /** The commit mark, or the first object that proves the backup if the program has none. */
  readonly markKey: string;
  readonly objects: readonly (readonly [string, Uint8Array])[];
  /** When the backup was made, as its image path tells; null if it does not. */
  readonly formatTime: FormatTime | null;
};

const madeAtMs = Date.UTC(2026, 2, 3, 2);
const hex = (seed: string, digits: number) => Buffer.from(seededBytes(seed, digits / 2)).toString('hex');
const session = `s${hex('session', 16)}`;
const client = seededUuid('client');
const segment = '000000010000000000000003';

/** For each program: the image path, the rest of the mark's key, and the keys of the other objects. */
const layouts: Readonly<
  Record<ProgramName, { readonly path: string; readonly mark: string; readonly others: readonly string[] }>
> = {
  barman: {
    path: 'pg/main/base/20260303T020000',
    mark: '/backup.info',
    others: ['pg/main/base/20260303T020000/data.tar.gz', `pg/main/wals/0000000100000000/${segment}.gz`],
  },
  borg: {
    path: 'borg/laptop',
    mark: '/integrity.7',
    others: ['README', 'config', 'data/0/1', 'data/0/7', 'hints.7', 'index.7', 'nonce'].map(
      (name) => `borg/laptop/${name}`,
    ),
  },
  kopia: {
    path: 'kopia.repository',
    mark: '',
    others: [
      'kopia.blobcfg',
      'kopia.maintenance',
      `p${hex('pack', 32)}-${session}`,
      `q${hex('metadata', 32)}-${session}`,
      `xn0_${hex('index', 32)}-${session}-c1`,
    ],
  },
  percona: {
    path: 'pbm/2026-03-03T02:00:00Z',
    mark: '.pbm.json',
    others: ['metadata.json', 'shop.orders.gz', 'oplog/20260303020000-1.20260303020100-1.gz'].map(
      (name) => `pbm/2026-03-03T02:00:00Z/rs0/${name}`,
    ),
  },
  proxmox: {
    path: 'store/.cnt/vm/100/2026-03-03T02:00:00Z',
    mark: '/index.json.blob',
    others: [
      ...['client.log.blob', 'drive-scsi0.img.fidx', 'qemu-server.conf.blob'].map(
        (name) => `store/.cnt/vm/100/2026-03-03T02:00:00Z/${name}`,
      ),
      `store/.chunks/${hex('chunk', 64).slice(0, 4)}/${hex('chunk', 64)}`,
    ],
  },
  veeam: {
    path: 'Veeam/Backup/site',
    mark: `/Clients/${client}/${seededUuid('backup')}/CloudStg/Data/1`,
    others: ['Config/1', 'Owner/1', 'Repository/1'].map((name) => `Veeam/Backup/site/${name}`),
  },
  velero: {
    path: 'cluster-a/backups/daily-20260303020000',
    mark: '/velero-backup.json',
    others: [
      '.tar.gz',
      '-logs.gz',
      '-resource-list.json.gz',
      '-volumeinfo.json.gz',
      '-csi-volumesnapshots.json.gz',
    ].map((name) => `cluster-a/backups/daily-20260303020000/daily-20260303020000${name}`),
  },
  vzdump: {
    path: 'dump/vzdump-qemu-100-2026_03_03-02_00_00.vma.zst',
    mark: '',
    others: ['dump/vzdump-qemu-100-2026_03_03-02_00_00.vma.zst.notes'],
  },
  'wal-g': {
    path: `db/basebackups_005/base_${segment}`,
    mark: '_backup_stop_sentinel.json',
    others: [
      ...['files_metadata.json', 'metadata.json', 'tar_partitions/part_001.tar.lz4'].map(
        (name) => `db/basebackups_005/base_${segment}/${name}`,
      ),
      `db/wal_005/${segment}.lz4`,
    ],
  },
};

/** Whether the time in an image path has a zone. The others have no time in theirs. */
const hasZone: { readonly [name in ProgramName]?: boolean } = {
  barman: false,
  percona: true,
  proxmox: true,
  vzdump: false,
};

/** One backup, or one repository, of each program. */
export const recognisedBackups: readonly RecognisedBackup[] = programNames.map((format) => {
  const { path, mark, others } = layouts[format];
  const markKey = `${path}${mark}`;
  return {
    format,
    imagePath: path,
    markKey,
    objects: [markKey, ...others].map((key) => [key, seededBytes(key, 200)] as const),
    formatTime: hasZone[format] === undefined ? null : { atMs: madeAtMs, hasZone: hasZone[format] },
  };
});

export function syncItemOfRecognised({ format, imagePath }: RecognisedBackup, bucketName: string): BackupSync {
  return {
    backup_id: `id of ${format}`,
    backup_name: format,
    bucket_name: bucketName,
    image_path: imagePath,
    resource_id: `resource of ${format}`,
    resource_name: format,
    resource_type: 'Example',
    created_at: Math.floor(madeAtMs / 1000),
  };
}
