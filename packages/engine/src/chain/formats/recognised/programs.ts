import type { BackupFormat, GapCode } from '@backup-sync/contracts';

/** A format of another program that is recognised by its keys, and not read. */
export type ProgramName = Extract<
  BackupFormat,
  'barman' | 'borg' | 'kopia' | 'percona' | 'proxmox' | 'veeam' | 'velero' | 'vzdump' | 'wal-g'
>;

/** An object outside the image path of a backup, whose key proves what it belongs to. */
type Companion = {
  readonly key: RegExp;
  /** The image path, as a replacement of the match. If the key does not tell the backup, it has `<name>` in it. */
  readonly imagePath: string;
};

/** How the keys of a program show its backups. Texts without another description are parts of a regular expression. */
export type Program = {
  /** Matches something in every key that proves a backup, and in few others. */
  readonly hint: string;
  /**
   * The image path, after any folder. The groups `name`, `resource` and `time` are what a record says of a backup; a
   * time in UTC ends with "Z". A program without them has a repository there, in which backups cannot be told apart.
   */
  readonly path: string;
  /** What follows the image path in a key that proves a backup. */
  readonly parts: string;
  /** The object that is written last. */
  readonly mark: {
    /** Literal text after the image path. */
    readonly suffix: string;
    /** False if no object is the last: the first proving one with content, after the suffix, then stands for all. */
    readonly isWholeKey: boolean;
  };
  readonly companions: readonly Companion[];
  /** What follows the image path in keys that belong to the backup if its mark is there; null if none do. */
  readonly others: string | null;
  readonly resourceType: string;
  readonly gap: GapCode;
  /** Why only presence can be proved, and how to check the backup instead. */
  readonly limit: string;
};

export const programNames: readonly ProgramName[] = [
  'barman',
  'borg',
  'kopia',
  'percona',
  'proxmox',
  'veeam',
  'velero',
  'vzdump',
  'wal-g',
];

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const isoTime = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
const archive = '\\.(?:vma|tar|tgz)(?:\\.(?:gz|lzo|zst|bz2))?';
const presence = 'so only presence can be proved';

export const programs: Readonly<Record<ProgramName, Program>> = {
  barman: {
    hint: '/base/',
    path: '(?<resource>[^/]+)/base/(?<name>(?<time>\\d{8}T\\d{6}))',
    parts: '/(?:backup\\.info$|(?:data|\\d+)(?:_\\d{4})?\\.tar(?:\\.[a-z0-9]+)?$|data/)',
    mark: { suffix: '/backup.info', isWholeKey: true },
    companions: [
      { key: /^((?:.*\/)?[^/]+)\/wals\/[0-9A-F]{16}\/[0-9A-F]{24}(?:\.[^/]+)?$/s, imagePath: '$1/base/<name>' },
    ],
    others: null,
    resourceType: 'PostgreSQL::Server',
    gap: 'format_not_read',
    limit: `this release does not read backups of Barman, ${presence}: restore one with barman-cloud-restore for a test`,
  },

  borg: {
    hint: '/integrity\\.\\d',
    path: '[^/]+',
    parts: '/integrity\\.\\d+$',
    mark: { suffix: '/integrity.', isWholeKey: false },
    companions: [],
    others: '/(?:README|config|nonce|(?:hints|index)\\.\\d+|data/\\d+/\\d+)',
    resourceType: 'Borg::Repository',
    gap: 'format_not_read',
    limit: `this release does not read repositories of Borg, ${presence}: run "borg check --verify-data"`,
  },

  /** A repository is often at the top of a bucket, so its image path is the key of the object that describes it. */
  kopia: {
    hint: 'kopia\\.repository',
    path: 'kopia\\.repository(?:\\.f)?',
    parts: '$',
    mark: { suffix: '', isWholeKey: true },
    companions: [
      { key: /^((?:.*\/)?)kopia\.(?:blobcfg|maintenance)(\.f)?$/s, imagePath: '$1kopia.repository$2' },
      {
        key: /^((?:.*\/)?)(?:[pq]|x[a-z]\d+_)[0-9a-f]{32}-s[0-9a-f]+(?:-c\d+)?$/s,
        imagePath: '$1kopia.repository',
      },
    ],
    others: null,
    resourceType: 'Kopia::Repository',
    gap: 'contents_encrypted',
    limit: `the contents of a repository of Kopia are encrypted, ${presence}: run "kopia snapshot verify"`,
  },

  percona: {
    hint: '\\.pbm\\.json$',
    path: `(?<name>(?<time>${isoTime}))`,
    parts: '\\.pbm\\.json$',
    mark: { suffix: '.pbm.json', isWholeKey: true },
    companions: [],
    others: '/.+',
    resourceType: 'MongoDB::Cluster',
    gap: 'format_not_read',
    limit: `this release does not read backups of Percona Backup for MongoDB, ${presence}: restore one with "pbm restore" for a test`,
  },

  proxmox: {
    hint: '\\dZ/',
    path: `(?<resource>(?:vm|ct|host)/[^/]+)/(?<name>(?<time>${isoTime}))`,
    parts: '/[^/]+\\.(?:blob|fidx|didx)$',
    mark: { suffix: '/index.json.blob', isWholeKey: true },
    companions: [
      {
        key: /^((?:.*\/)?)\.chunks\/[0-9a-f]{4}\/[0-9a-f]{64}(?:\.\d+\.bad)?$/s,
        imagePath: '$1<type>/<id>/<name>',
      },
    ],
    others: null,
    resourceType: 'Proxmox::Machine',
    gap: 'format_not_read',
    limit: `this release does not read backups of Proxmox Backup Server, ${presence}: run a verify job of that server`,
  },

  veeam: {
    hint: 'Veeam/',
    path: 'Veeam/(?:Backup|Archive|LongTerm)/[^/]+',
    parts: `(?:(?<=Veeam/Backup/[^/]+)/(?:Clients|Config|Owner|Repository)(?:/|$)|(?<=Veeam/(?:Archive|LongTerm)/[^/]+)/${uuid}/)`,
    mark: { suffix: '/', isWholeKey: false },
    companions: [],
    others: null,
    resourceType: 'Veeam::Repository',
    gap: 'format_closed',
    limit: `Veeam keeps its backups in a closed format, ${presence}: run a health check of Veeam Backup & Replication`,
  },

  velero: {
    hint: 'backups/[^/]+/[^/]+\\.(?:json|gz)$',
    path: 'backups/(?<name>[^/]+)',
    parts:
      '/(?:velero-backup\\.json|\\k<name>-(?:logs|results|(?:podvolumebackups|volumesnapshots|itemoperations|resource-list|volumeinfo|csi-[a-z]+)\\.json)\\.gz)$',
    mark: { suffix: '/velero-backup.json', isWholeKey: true },
    companions: [],
    others: '/[^/]+\\.gz',
    resourceType: 'Kubernetes::Cluster',
    gap: 'format_not_read',
    limit: `this release does not read backups of Velero, ${presence}: see "velero backup describe --details", and restore one for a test`,
  },

  vzdump: {
    hint: 'vzdump-',
    path: `(?<name>vzdump-(?<resource>(?:qemu|lxc|openvz)-\\d+)-(?<time>\\d{4}(?:_\\d\\d){2}-\\d\\d(?:_\\d\\d){2}))${archive}`,
    parts: '$',
    mark: { suffix: '', isWholeKey: true },
    companions: [{ key: new RegExp(`^(.*vzdump-[^/]+${archive})\\.(?:notes|protected)$`, 's'), imagePath: '$1' }],
    others: null,
    resourceType: 'Proxmox::Machine',
    gap: 'format_not_read',
    limit: `this release does not read archives of vzdump, ${presence}: run "vma verify", or list the files of a container`,
  },

  'wal-g': {
    hint: 'basebackups_005/',
    path: 'basebackups_005/(?<name>stream_(?<time>\\d{8}T\\d{6}Z)|[^/]+?)',
    parts: '(?:/|_backup_stop_sentinel\\.json$)',
    mark: { suffix: '_backup_stop_sentinel.json', isWholeKey: true },
    companions: [{ key: /^((?:.*\/)?)wal_005\/.+$/s, imagePath: '$1basebackups_005/<name>' }],
    others: null,
    resourceType: 'Database::Server',
    gap: 'format_not_read',
    limit: `this release does not read backups of WAL-G, ${presence}: restore one with "wal-g backup-fetch" for a test`,
  },
};
