import { environmentSchema } from '../../../apps/cli/src/environment.ts';
import { generatedPage, sentence, table } from './markdown.ts';

type Variable = keyof typeof environmentSchema.shape;

/** Groups of variables in the order of the page. Each variable must be in one of them. */
const groups: readonly { readonly title: string; readonly text: string; readonly names: readonly Variable[] }[] = [
  {
    title: 'Which server, and as whom',
    text: 'For commands that work on a server. Credentials in variables are for `--endpoint` or `BACKUP_SYNC_ENDPOINT`; credentials in a profile are for its own server.',
    names: [
      'BACKUP_SYNC_ENDPOINT',
      'BACKUP_SYNC_PROJECT',
      'BACKUP_SYNC_ACCESS_KEY',
      'BACKUP_SYNC_SECRET_ACCESS_KEY',
      'BACKUP_SYNC_TOKEN',
      'BACKUP_SYNC_PROFILE',
      'BACKUP_SYNC_CONNECT_TIMEOUT',
      'BACKUP_SYNC_TIMEOUT',
      'BACKUP_SYNC_PASSWORD',
      'BACKUP_SYNC_NEW_PASSWORD',
      'XDG_CONFIG_HOME',
    ],
  },
  {
    title: 'Catalogue and storage',
    text: 'For `serve` and `work`, and for commands that work on a catalogue without a server. All nodes of a database need the same: see [Run many nodes](../how-to/run-many-nodes.md).',
    names: [
      'BACKUP_SYNC_CONFIG',
      'BACKUP_SYNC_DATA_DIR',
      'BACKUP_SYNC_DATABASE_URL',
      'BACKUP_SYNC_DATABASE_URL_FILE',
      'BACKUP_SYNC_STORAGE',
      'BACKUP_SYNC_ADDRESSING_STYLE',
      'AWS_REGION',
      'BACKUP_SYNC_REQUESTS_PER_SECOND',
      'BACKUP_SYNC_REQUESTS_IN_FLIGHT',
      'BACKUP_SYNC_LINKAGE_MAX_BYTES',
      'BACKUP_SYNC_RETRY_FOR',
      'BACKUP_SYNC_BACKLOG',
      'BACKUP_SYNC_HOOK_NETWORKS',
      'BACKUP_SYNC_TRUSTED_ROOTS',
      'BACKUP_SYNC_SECRET_KEY',
      'BACKUP_SYNC_SECRET_KEY_FILE',
    ],
  },
  {
    title: 'The server',
    text: 'For `serve`.',
    names: [
      'BACKUP_SYNC_LISTEN',
      'BACKUP_SYNC_PUBLIC_URL',
      'BACKUP_SYNC_TLS_CERTIFICATE',
      'BACKUP_SYNC_TLS_KEY',
      'BACKUP_SYNC_BEHIND_TLS_PROXY',
      'BACKUP_SYNC_TRUSTED_PROXIES',
      'BACKUP_SYNC_DRAIN_FOR',
      'BACKUP_SYNC_CALLS_PER_SECOND',
      'BACKUP_SYNC_UNKNOWN_CALLS_PER_SECOND',
      'BACKUP_SYNC_CALLS_IN_FLIGHT',
      'BACKUP_SYNC_CONNECTIONS',
      'BACKUP_SYNC_ADMIN_PASSWORD',
      'BACKUP_SYNC_ADMIN_PASSWORD_FILE',
    ],
  },
  {
    title: 'The log',
    text: 'For `serve` and `work`. See [Read the log](../how-to/read-logs.md).',
    names: ['BACKUP_SYNC_LOG_LEVEL', 'BACKUP_SYNC_LOG_FORMAT', 'JOURNAL_STREAM'],
  },
  {
    title: 'Metrics',
    text: 'For `serve` and `work`. See [Metrics for Prometheus](../how-to/monitoring.md#metrics-for-prometheus) and [the metrics](metrics.md).',
    names: ['BACKUP_SYNC_METRICS_LISTEN', 'BACKUP_SYNC_METRICS_TOKEN', 'BACKUP_SYNC_METRICS_TOKEN_FILE'],
  },
  {
    title: 'How long old records are kept',
    text: 'For `serve` and `work`. A server removes older ones every hour, in small steps. The newest verification and the last operation of each backup stay, and so does everything that is not finished. See [Back up and restore](../how-to/back-up-and-restore.md#how-long-records-are-kept).',
    names: [
      'BACKUP_SYNC_KEEP_OPERATIONS',
      'BACKUP_SYNC_KEEP_FINDINGS',
      'BACKUP_SYNC_KEEP_VERIFICATIONS',
      'BACKUP_SYNC_KEEP_AUDIT',
    ],
  },
  {
    title: 'Keystone',
    text: 'For `serve`, if users come from an OpenStack Keystone. See [Use Keystone](../how-to/keystone.md).',
    names: [
      'BACKUP_SYNC_IDENTITY',
      'BACKUP_SYNC_KEYSTONE_USER',
      'BACKUP_SYNC_KEYSTONE_PASSWORD',
      'BACKUP_SYNC_KEYSTONE_PASSWORD_FILE',
      'BACKUP_SYNC_KEYSTONE_USER_DOMAIN',
      'BACKUP_SYNC_KEYSTONE_PROJECT',
      'BACKUP_SYNC_KEYSTONE_PROJECT_DOMAIN',
      'BACKUP_SYNC_KEYSTONE_ROLES',
    ],
  },
  {
    title: 'Network',
    text: 'For everything that backup-sync connects to: storage, the server that a command calls, and Keystone. Loopback and the metadata addresses of cloud machines are always reached without a proxy.',
    names: ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy', 'AWS_CA_BUNDLE'],
  },
];

/** Variables that libraries and the runtime read, not the command itself. */
const readElsewhere: readonly (readonly [name: string, text: string])[] = [
  ['AWS_ACCESS_KEY_ID', 'id of the access key for S3'],
  ['AWS_SECRET_ACCESS_KEY', 'secret of that access key'],
  ['AWS_SESSION_TOKEN', 'session token of temporary credentials for S3'],
  ['AWS_PROFILE', 'profile in `~/.aws` with credentials for S3, instead of the three above'],
  ['NODE_EXTRA_CA_CERTS', 'PEM file of private certificate authorities; has the same effect as `AWS_CA_BUNDLE`'],
  ['NOTIFY_SOCKET', 'socket of systemd, set by it, on which `serve` and `work` report when they are ready'],
  ['XDG_CACHE_HOME', 'directory below which Node keeps compiled code (default: `~/.cache`)'],
  ['NO_COLOR', 'no colours in tables and messages'],
  ['FORCE_COLOR', 'colours even if the output is not a terminal'],
];

/** The order of `resolveTarget` in apps/cli/src/target.ts. */
const whereCommandsWork = [
  'the profile that `--profile` names',
  'the server at `--endpoint`',
  'the catalogue in `--data-dir` or `--database`, or that of the file `--config`',
  'the server at `BACKUP_SYNC_ENDPOINT`',
  'the catalogue in `BACKUP_SYNC_DATABASE_URL` or `BACKUP_SYNC_DATA_DIR`; both at once are refused',
  'the catalogue of the file `BACKUP_SYNC_CONFIG`',
  'the profile that `BACKUP_SYNC_PROFILE` names',
  'the profile `default`',
];

export function variablesPage(): string {
  const named = new Set<string>(groups.flatMap(({ names }) => names));
  const missing = Object.keys(environmentSchema.shape).filter((name) => !named.has(name));
  if (missing.length > 0) throw new Error(`in no group of the variables page: ${missing.join(', ')}`);
  return generatedPage('Environment variables', [
    'An option of a command overrides its variable. A variable overrides the [configuration file](configuration.md) and the profile `default`. An empty variable counts as not set. Never pass a secret as an argument: other users of the machine can see arguments.',
    '## Where a command works',
    'A command uses the first of these that is given:',
    whereCommandsWork.map((place, index) => `${index + 1}. ${place}`).join('\n'),
    '`--profile` cannot be used with `--endpoint`, `--config`, `--data-dir` or `--database`. Credentials in variables are for a server in 2 or 4, and are refused with 5 to 8. A profile has its own project, which only `--project` overrides. `backup-sync whoami` shows what a command uses.',
    ...groups.flatMap(({ title, text, names }) => [
      `## ${title}`,
      text,
      table(
        ['variable', 'meaning'],
        names.map((name) => [`\`${name}\``, sentence(environmentSchema.shape[name].description ?? '')]),
      ),
    ]),
    '## Read by libraries and by Node',
    'S3 credentials can come from every place that the official AWS SDK reads; these are the most common.',
    table(
      ['variable', 'meaning'],
      readElsewhere.map(([name, text]) => [`\`${name}\``, sentence(text)]),
    ),
  ]);
}
