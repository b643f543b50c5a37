import { isIP } from 'node:net';
import { logLevels } from '@backup-sync/engine/log-events';
import { z } from 'zod';
import { durationRule, parseDuration, parseTimeout, timeoutRule } from './duration.ts';
import { UsageError } from './failure.ts';
import { logFormats } from './log/log-lines.ts';

/** A string that prints as `[redacted]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]';
  }
}

/** An empty variable counts as not set. */
const optional = z
  .string()
  .optional()
  .transform((value) => (value === '' ? undefined : value));
const secret = optional.transform((value) => (value === undefined ? undefined : new Secret(value)));

const positiveNumber = optional.transform((value, context) => {
  if (value === undefined || (/^\d{1,15}$/.test(value) && Number(value) > 0)) {
    return value === undefined ? undefined : Number(value);
  }
  context.addIssue(`must be a whole number above 0, not ${JSON.stringify(value)}`);
  return z.NEVER;
});

const timeout = optional.transform((value, context) => {
  if (value === undefined) return undefined;
  const seconds = parseTimeout(value);
  if (seconds !== null) return seconds;
  context.addIssue(`${timeoutRule}, not ${JSON.stringify(value)}`);
  return z.NEVER;
});

/** A duration such as 20m, in seconds. */
const duration = optional.transform((value, context) => {
  const seconds = value === undefined ? undefined : parseDuration(value);
  if (seconds !== null) return seconds;
  context.addIssue(`${durationRule}, not ${JSON.stringify(value)}`);
  return z.NEVER;
});

const keptAtLeastS = 86_400;

/** How long something is kept: a duration of a day or more, in seconds, or `forever`. */
const keptFor = optional.transform((value, context) => {
  if (value === undefined || value === 'forever') return value;
  const seconds = parseDuration(value);
  if (seconds !== null && seconds >= keptAtLeastS) return seconds;
  context.addIssue(`must be forever, or a duration of at least 1d such as 90d, not ${JSON.stringify(value)}`);
  return z.NEVER;
});

const truth = optional.transform((value, context) => {
  if (value === undefined || value === 'true' || value === 'false') return value === 'true';
  context.addIssue(`must be true or false, not ${JSON.stringify(value)}`);
  return z.NEVER;
});

function oneOf<Choice extends string>(choices: readonly Choice[]) {
  return optional.transform((value, context) => {
    const chosen = choices.find((choice) => choice === value);
    if (value === undefined || chosen !== undefined) return chosen;
    context.addIssue(`must be ${choices.join(' or ')}, not ${JSON.stringify(value)}`);
    return z.NEVER;
  });
}

/**
 * The address of a forward proxy; http without a scheme, as in other programs. It may contain credentials: never shown.
 */
const proxy = optional.transform((value, context) => {
  if (value === undefined) return undefined;
  const url = URL.parse(value.includes('://') ? value : `http://${value}`);
  // Node ignores an address in any other form than this.
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return new Secret(url.href);
  context.addIssue('must be the address of a proxy, such as http://proxy.example.com:3128');
  return z.NEVER;
});

/** Addresses and networks, separated by commas. */
const networks = optional.transform((value, context) => {
  const listed = value === undefined ? [] : value.split(',').map((each) => each.trim());
  const wrong = listed.find((each) => !isNetwork(each));
  if (wrong === undefined) return listed;
  context.addIssue(`has ${JSON.stringify(wrong)}, which is neither an address nor a network such as 10.0.0.0/8`);
  return z.NEVER;
});

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}

/** The reference in the documentation shows the description of each variable. */
export const environmentSchema = z.object({
  BACKUP_SYNC_ENDPOINT: optional.describe('address of the server that commands work on'),
  BACKUP_SYNC_PROFILE: optional.describe(
    'profile saved by `login`, if neither a server nor a data directory is given (default: `default`)',
  ),
  BACKUP_SYNC_TOKEN: secret.describe('token for the server, instead of an access key'),
  BACKUP_SYNC_ACCESS_KEY: optional.describe('id of an access key for the server'),
  BACKUP_SYNC_SECRET_ACCESS_KEY: secret.describe('secret of that access key'),
  BACKUP_SYNC_PROJECT: optional.describe(
    'id of the project to work in: needed with `BACKUP_SYNC_ENDPOINT` (default: that of the profile, or the first one of a data directory)',
  ),
  BACKUP_SYNC_CONNECT_TIMEOUT: timeout.describe('time limit to connect to the server, such as `30s` (default: 10 s)'),
  BACKUP_SYNC_TIMEOUT: timeout.describe('time limit for a server that sends nothing, such as `2m` (default: 60 s)'),
  BACKUP_SYNC_CONFIG: optional.describe(
    'configuration file of the catalogue and its server: see [Configuration file](configuration.md)',
  ),
  BACKUP_SYNC_DATA_DIR: optional.describe('directory of the local catalogue'),
  BACKUP_SYNC_DATABASE_URL: secret.describe(
    'address of the PostgreSQL database with the catalogue, instead of a data directory: `postgres://user:password@host/name`',
  ),
  BACKUP_SYNC_DATABASE_URL_FILE: optional.describe(
    'file with that address, instead of the variable; a line break at its end is ignored',
  ),
  BACKUP_SYNC_STORAGE: optional.describe('storage unit with the buckets: `file:<directory>` or `s3:<endpoint>`'),
  BACKUP_SYNC_LISTEN: optional.describe('address that the server listens on (default: `127.0.0.1:8787`)'),
  BACKUP_SYNC_PUBLIC_URL: optional.describe('address that clients use, if a proxy is in front of the server'),
  BACKUP_SYNC_TLS_CERTIFICATE: optional.describe('PEM file with the certificate for HTTPS'),
  BACKUP_SYNC_TLS_KEY: optional.describe('PEM file with the private key of the certificate'),
  BACKUP_SYNC_BEHIND_TLS_PROXY: truth.describe('`true` if a proxy in front of the server does TLS (default: `false`)'),
  BACKUP_SYNC_TRUSTED_PROXIES: networks.describe(
    'addresses and networks of proxies, separated by commas, whose `X-Forwarded-For` the server believes (default: none)',
  ),
  BACKUP_SYNC_DRAIN_FOR: duration.describe(
    'time between SIGTERM and the stop in which `/readyz` answers 503 and calls still work, such as `20s` (default: `0s`)',
  ),
  BACKUP_SYNC_METRICS_LISTEN: optional.describe(
    'address on which the server or worker offers metrics for Prometheus, such as `127.0.0.1:9187` (default: none)',
  ),
  BACKUP_SYNC_METRICS_TOKEN: secret.describe(
    'token for the metrics, 16 characters or more: needed unless they are on a loopback address',
  ),
  BACKUP_SYNC_METRICS_TOKEN_FILE: optional.describe(
    'file with that token, instead of the variable; a line break at its end is ignored',
  ),
  BACKUP_SYNC_CONNECTIONS: positiveNumber.describe('maximum number of open connections (default: 4096)'),
  BACKUP_SYNC_CALLS_IN_FLIGHT: positiveNumber.describe(
    'maximum number of calls in progress, including streams (default: 1024)',
  ),
  BACKUP_SYNC_CALLS_PER_SECOND: positiveNumber.describe(
    'calls per second of one caller before 429 (default: 1000; short bursts may have twice as many)',
  ),
  BACKUP_SYNC_UNKNOWN_CALLS_PER_SECOND: positiveNumber.describe(
    'calls per second without valid credentials from one address before 429 (default: 50; short bursts may have ten times as many)',
  ),
  BACKUP_SYNC_LOG_LEVEL: oneOf(logLevels).describe(
    'least important entries in the log: `error`, `warn`, `info` or `debug` (default: `info`)',
  ),
  BACKUP_SYNC_LOG_FORMAT: oneOf(logFormats).describe('form of the log: `text` or `json` (default: `text`)'),
  JOURNAL_STREAM: optional.describe(
    'set by systemd: if standard error goes to the journal, `text` leaves the time out and gives each line its priority',
  ),
  BACKUP_SYNC_ADMIN_PASSWORD: secret.describe(
    'password of the user `admin`, created by the first `serve`: 12 characters or more (default: generated, and shown once)',
  ),
  BACKUP_SYNC_ADMIN_PASSWORD_FILE: optional.describe(
    'file with that password, instead of the variable; a line break at its end is ignored',
  ),
  BACKUP_SYNC_PASSWORD: secret.describe('password for `login` and `token`'),
  BACKUP_SYNC_NEW_PASSWORD: secret.describe(
    'password for `users create` and `users set-password`, which then do not read standard input',
  ),
  BACKUP_SYNC_SECRET_KEY: secret.describe(
    'key that encrypts the secrets of access keys and hooks: 32 bytes in base64 (default: the file `secret.key` in the data directory; needed with a database)',
  ),
  BACKUP_SYNC_SECRET_KEY_FILE: optional.describe(
    'file with that key, instead of the variable; a line break at its end is ignored',
  ),
  BACKUP_SYNC_IDENTITY: optional.describe(
    '`keystone:<url>` if users, projects and roles come from an OpenStack Keystone',
  ),
  BACKUP_SYNC_KEYSTONE_USER: optional.describe('user as which the server logs in to Keystone'),
  BACKUP_SYNC_KEYSTONE_PASSWORD: secret.describe('password of that user'),
  BACKUP_SYNC_KEYSTONE_PASSWORD_FILE: optional.describe(
    'file with that password, instead of the variable; a line break at its end is ignored',
  ),
  BACKUP_SYNC_KEYSTONE_USER_DOMAIN: optional.describe('name of the domain of that user (default: `Default`)'),
  BACKUP_SYNC_KEYSTONE_PROJECT: optional.describe('project in which the server logs in to Keystone'),
  BACKUP_SYNC_KEYSTONE_PROJECT_DOMAIN: optional.describe('name of the domain of that project (default: `Default`)'),
  BACKUP_SYNC_KEYSTONE_ROLES: optional.describe(
    'role here for each role in Keystone (default: `admin=administrator,member=operator,reader=reader`)',
  ),
  BACKUP_SYNC_REQUESTS_PER_SECOND: positiveNumber.describe(
    'maximum requests per second to one bucket (default: 200 for S3; no limit for a directory)',
  ),
  BACKUP_SYNC_REQUESTS_IN_FLIGHT: positiveNumber.describe(
    'maximum number of requests to one bucket in flight (default: 32 for S3; no limit for a directory)',
  ),
  BACKUP_SYNC_LINKAGE_MAX_BYTES: positiveNumber.describe(
    'maximum number of bytes that a sync reads to prove one link (default: 8589934592)',
  ),
  BACKUP_SYNC_RETRY_FOR: duration.describe(
    'time for which the server retries while storage does not answer, such as `20m`; `0s` for no retries (default: 20 min)',
  ),
  BACKUP_SYNC_BACKLOG: positiveNumber.describe(
    'unfinished imports of one project before a sync gets 429 (default: 100000)',
  ),
  BACKUP_SYNC_KEEP_OPERATIONS: keptFor.describe(
    'time for which the server keeps operations that have ended and that nothing needs, such as `30d`, or `forever` (default: 90 d)',
  ),
  BACKUP_SYNC_KEEP_FINDINGS: keptFor.describe(
    'time for which it keeps the findings of scans and plans that have ended, and the scan or plan that has them, or `forever` (default: 90 d)',
  ),
  BACKUP_SYNC_KEEP_VERIFICATIONS: keptFor.describe(
    'time for which it keeps verifications that newer ones have replaced (default: `forever`)',
  ),
  BACKUP_SYNC_KEEP_AUDIT: keptFor.describe('time for which it keeps audit events (default: `forever`)'),
  BACKUP_SYNC_TRUSTED_ROOTS: optional.describe(
    'PEM file of root certificates that may vouch for who signed a package of virtual machines (default: none)',
  ),
  BACKUP_SYNC_HOOK_NETWORKS: networks.describe(
    'addresses and networks inside the network of the server, separated by commas, to which hooks may be sent, also by `http` (default: none)',
  ),
  BACKUP_SYNC_ADDRESSING_STYLE: oneOf(['path', 'virtual']).describe(
    'place of the bucket name in S3 requests: `path` or `virtual` (default: `path`)',
  ),
  AWS_REGION: optional.describe('region that requests to S3 are signed for (default: `us-east-1`)'),
  AWS_CA_BUNDLE: optional.describe(
    'PEM file of private certificate authorities, trusted in addition to the public ones',
  ),
  HTTP_PROXY: proxy.describe('forward proxy for `http` addresses'),
  http_proxy: proxy.describe('the same as `HTTP_PROXY`, and read first'),
  HTTPS_PROXY: proxy.describe('forward proxy for `https` addresses'),
  https_proxy: proxy.describe('the same as `HTTPS_PROXY`, and read first'),
  NO_PROXY: optional.describe(
    'hosts reached without a proxy: domains with their subdomains, addresses, IPv4 networks, or `*`',
  ),
  no_proxy: optional.describe('the same as `NO_PROXY`, and read first'),
  XDG_CONFIG_HOME: optional.describe('directory below which `login` saves profiles (default: `~/.config`)'),
});

/** The settings of a process: its environment variables, above those of its configuration file. */
export type Environment = z.output<typeof environmentSchema> & {
  /** Where values that are not from a variable come from, by the variable. */
  readonly origins: Origins;
};

type Origins = ReadonlyMap<string, string>;

/** Parses the environment variables. Throws `UsageError` that names every variable that is not valid. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  origins: Origins = new Map(),
): Environment {
  const parsed = environmentSchema.safeParse(variables);
  if (parsed.success) return { ...parsed.data, origins };
  const problems = parsed.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return `${origins.get(name) ?? name} ${message}`;
  });
  throw new UsageError(problems.join('; '));
}

/** Where the value of a variable comes from, in words: its name, or a line of the configuration file. */
export function originOf({ origins }: Environment, name: keyof typeof environmentSchema.shape): string {
  return origins.get(name) ?? name;
}
