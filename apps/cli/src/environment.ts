import { isIP } from 'node:net';
import { z } from 'zod';
import { durationRule, parseDuration, parseTimeout, timeoutRule } from './duration.ts';
import { UsageError } from './failure.ts';

/** A text that prints as `[redacted]`. */
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

const truth = optional.transform((value, context) => {
  if (value === undefined || value === 'true' || value === 'false') return value === 'true';
  context.addIssue(`must be true or false, not ${JSON.stringify(value)}`);
  return z.NEVER;
});

const addressingStyle = optional.transform((value, context) => {
  if (value === undefined || value === 'path' || value === 'virtual') return value;
  context.addIssue(`must be path or virtual, not ${JSON.stringify(value)}`);
  return z.NEVER;
});

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

const environmentSchema = z.object({
  BACKUP_SYNC_ENDPOINT: optional,
  BACKUP_SYNC_PROFILE: optional,
  BACKUP_SYNC_TOKEN: secret,
  BACKUP_SYNC_ACCESS_KEY: optional,
  BACKUP_SYNC_SECRET_ACCESS_KEY: secret,
  BACKUP_SYNC_PROJECT: optional,
  BACKUP_SYNC_CONNECT_TIMEOUT: timeout,
  BACKUP_SYNC_TIMEOUT: timeout,
  BACKUP_SYNC_DATA_DIR: optional,
  BACKUP_SYNC_STORAGE: optional,
  BACKUP_SYNC_LISTEN: optional,
  BACKUP_SYNC_PUBLIC_URL: optional,
  BACKUP_SYNC_TLS_CERTIFICATE: optional,
  BACKUP_SYNC_TLS_KEY: optional,
  BACKUP_SYNC_BEHIND_TLS_PROXY: truth,
  BACKUP_SYNC_TRUSTED_PROXIES: networks,
  BACKUP_SYNC_CONNECTIONS: positiveNumber,
  BACKUP_SYNC_CALLS_IN_FLIGHT: positiveNumber,
  BACKUP_SYNC_CALLS_PER_SECOND: positiveNumber,
  BACKUP_SYNC_UNKNOWN_CALLS_PER_SECOND: positiveNumber,
  BACKUP_SYNC_ADMIN_PASSWORD: secret,
  BACKUP_SYNC_PASSWORD: secret,
  BACKUP_SYNC_NEW_PASSWORD: secret,
  BACKUP_SYNC_SECRET_KEY: secret,
  BACKUP_SYNC_IDENTITY: optional,
  BACKUP_SYNC_KEYSTONE_USER: optional,
  BACKUP_SYNC_KEYSTONE_PASSWORD: secret,
  BACKUP_SYNC_KEYSTONE_USER_DOMAIN: optional,
  BACKUP_SYNC_KEYSTONE_PROJECT: optional,
  BACKUP_SYNC_KEYSTONE_PROJECT_DOMAIN: optional,
  BACKUP_SYNC_KEYSTONE_ROLES: optional,
  BACKUP_SYNC_REQUESTS_PER_SECOND: positiveNumber,
  BACKUP_SYNC_REQUESTS_IN_FLIGHT: positiveNumber,
  BACKUP_SYNC_LINKAGE_MAX_BYTES: positiveNumber,
  BACKUP_SYNC_RETRY_FOR: duration,
  BACKUP_SYNC_BACKLOG: positiveNumber,
  BACKUP_SYNC_ADDRESSING_STYLE: addressingStyle,
  AWS_REGION: optional,
  AWS_CA_BUNDLE: optional,
  HTTP_PROXY: proxy,
  http_proxy: proxy,
  HTTPS_PROXY: proxy,
  https_proxy: proxy,
  NO_PROXY: optional,
  no_proxy: optional,
  XDG_CONFIG_HOME: optional,
});

/** The parsed environment variables, read once. */
export type Environment = z.output<typeof environmentSchema>;

/** Parses the environment variables. Throws `UsageError` that names every variable that is not valid. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const parsed = environmentSchema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new UsageError(problems.join('; '));
}
