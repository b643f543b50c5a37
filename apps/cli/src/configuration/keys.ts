import { dirname, resolve } from 'node:path';

/** A key of the configuration file, and the variable of the same setting. */
export type ConfigurationKey = {
  /** Path of the key, such as `server.tls.key_file`. */
  readonly key: string;
  readonly variable: string;
  /** Another variable of the same setting. It wins over `variable` if both may be set. */
  readonly otherVariable?: string;
  /** Variables of other settings that make this one meaningless: a process has one catalogue. */
  readonly displacedBy?: readonly string[];
  /** Option of a command that gives the same setting, as an attribute of Commander. */
  readonly option?: string;
  /** Whether a server that runs can apply a new value. */
  readonly isLive?: true;
  /** The value as a variable has it. `file` is the path of the configuration file. */
  readonly variableText?: (value: unknown, file: string) => string;
};

/** Paths in the file are relative to its folder: a service has no directory that its operator is in. */
const path = (value: unknown, file: string) => resolve(dirname(file), String(value));

const storageUnit = (value: unknown, file: string) => {
  const [, directory] = /^file:(.+)$/s.exec(String(value)) ?? [];
  return directory === undefined ? String(value) : `file:${path(directory, file)}`;
};

const list = (value: unknown) => (value as readonly string[]).join(',');

const pairs = (value: unknown) =>
  Object.entries(value as object)
    .map((pair) => pair.join('='))
    .join(',');

/** Every key of the configuration file. */
export const configurationKeys: readonly ConfigurationKey[] = [
  {
    key: 'catalogue.data_directory',
    variable: 'BACKUP_SYNC_DATA_DIR',
    displacedBy: ['BACKUP_SYNC_DATABASE_URL', 'BACKUP_SYNC_DATABASE_URL_FILE'],
    option: 'dataDir',
    variableText: path,
  },
  {
    key: 'catalogue.database_url_file',
    variable: 'BACKUP_SYNC_DATABASE_URL_FILE',
    otherVariable: 'BACKUP_SYNC_DATABASE_URL',
    displacedBy: ['BACKUP_SYNC_DATA_DIR'],
    option: 'database',
    variableText: path,
  },
  {
    key: 'catalogue.secret_key_file',
    variable: 'BACKUP_SYNC_SECRET_KEY_FILE',
    otherVariable: 'BACKUP_SYNC_SECRET_KEY',
    variableText: path,
  },
  { key: 'storage.unit', variable: 'BACKUP_SYNC_STORAGE', option: 'storage', variableText: storageUnit },
  { key: 'storage.addressing_style', variable: 'BACKUP_SYNC_ADDRESSING_STYLE', option: 'addressingStyle' },
  { key: 'storage.region', variable: 'AWS_REGION' },
  { key: 'storage.requests_per_second', variable: 'BACKUP_SYNC_REQUESTS_PER_SECOND' },
  { key: 'storage.requests_in_flight', variable: 'BACKUP_SYNC_REQUESTS_IN_FLIGHT' },
  { key: 'storage.linkage_max_bytes', variable: 'BACKUP_SYNC_LINKAGE_MAX_BYTES' },
  { key: 'storage.retry_for', variable: 'BACKUP_SYNC_RETRY_FOR', option: 'retryFor' },
  { key: 'server.listen', variable: 'BACKUP_SYNC_LISTEN', option: 'listen' },
  { key: 'server.public_url', variable: 'BACKUP_SYNC_PUBLIC_URL', option: 'publicUrl' },
  { key: 'server.behind_tls_proxy', variable: 'BACKUP_SYNC_BEHIND_TLS_PROXY', option: 'behindTlsProxy' },
  { key: 'server.trusted_proxies', variable: 'BACKUP_SYNC_TRUSTED_PROXIES', isLive: true, variableText: list },
  { key: 'server.drain_for', variable: 'BACKUP_SYNC_DRAIN_FOR', isLive: true },
  {
    key: 'server.admin_password_file',
    variable: 'BACKUP_SYNC_ADMIN_PASSWORD_FILE',
    otherVariable: 'BACKUP_SYNC_ADMIN_PASSWORD',
    variableText: path,
  },
  {
    key: 'server.tls.certificate_file',
    variable: 'BACKUP_SYNC_TLS_CERTIFICATE',
    option: 'tlsCertificate',
    isLive: true,
    variableText: path,
  },
  {
    key: 'server.tls.key_file',
    variable: 'BACKUP_SYNC_TLS_KEY',
    option: 'tlsKey',
    isLive: true,
    variableText: path,
  },
  { key: 'server.limits.connections', variable: 'BACKUP_SYNC_CONNECTIONS', isLive: true },
  { key: 'server.limits.calls_in_flight', variable: 'BACKUP_SYNC_CALLS_IN_FLIGHT', isLive: true },
  { key: 'server.limits.calls_per_second', variable: 'BACKUP_SYNC_CALLS_PER_SECOND', isLive: true },
  { key: 'server.limits.unknown_calls_per_second', variable: 'BACKUP_SYNC_UNKNOWN_CALLS_PER_SECOND', isLive: true },
  { key: 'server.limits.backlog', variable: 'BACKUP_SYNC_BACKLOG', option: 'backlog' },
  {
    key: 'identity.keystone.url',
    variable: 'BACKUP_SYNC_IDENTITY',
    variableText: (value) => `keystone:${value}`,
  },
  { key: 'identity.keystone.user', variable: 'BACKUP_SYNC_KEYSTONE_USER' },
  {
    key: 'identity.keystone.password_file',
    variable: 'BACKUP_SYNC_KEYSTONE_PASSWORD_FILE',
    otherVariable: 'BACKUP_SYNC_KEYSTONE_PASSWORD',
    variableText: path,
  },
  { key: 'identity.keystone.user_domain', variable: 'BACKUP_SYNC_KEYSTONE_USER_DOMAIN' },
  { key: 'identity.keystone.project', variable: 'BACKUP_SYNC_KEYSTONE_PROJECT' },
  { key: 'identity.keystone.project_domain', variable: 'BACKUP_SYNC_KEYSTONE_PROJECT_DOMAIN' },
  { key: 'identity.keystone.roles', variable: 'BACKUP_SYNC_KEYSTONE_ROLES', variableText: pairs },
  { key: 'network.http_proxy', variable: 'HTTP_PROXY', otherVariable: 'http_proxy' },
  { key: 'network.https_proxy', variable: 'HTTPS_PROXY', otherVariable: 'https_proxy' },
  { key: 'network.no_proxy', variable: 'NO_PROXY', otherVariable: 'no_proxy', variableText: list },
  { key: 'network.ca_file', variable: 'AWS_CA_BUNDLE', variableText: path },
  {
    key: 'signatures.trusted_roots_file',
    variable: 'BACKUP_SYNC_TRUSTED_ROOTS',
    isLive: true,
    variableText: path,
  },
  { key: 'metrics.listen', variable: 'BACKUP_SYNC_METRICS_LISTEN', option: 'metricsListen' },
  {
    key: 'metrics.token_file',
    variable: 'BACKUP_SYNC_METRICS_TOKEN_FILE',
    otherVariable: 'BACKUP_SYNC_METRICS_TOKEN',
    variableText: path,
  },
  { key: 'logs.level', variable: 'BACKUP_SYNC_LOG_LEVEL', option: 'logLevel', isLive: true },
  { key: 'logs.format', variable: 'BACKUP_SYNC_LOG_FORMAT', option: 'logFormat' },
  { key: 'hooks.allowed_networks', variable: 'BACKUP_SYNC_HOOK_NETWORKS', variableText: list },
  { key: 'retention.operations', variable: 'BACKUP_SYNC_KEEP_OPERATIONS' },
  { key: 'retention.findings', variable: 'BACKUP_SYNC_KEEP_FINDINGS' },
  { key: 'retention.audit', variable: 'BACKUP_SYNC_KEEP_AUDIT' },
  { key: 'retention.verifications', variable: 'BACKUP_SYNC_KEEP_VERIFICATIONS' },
];

/** The option with this attribute of Commander, as it is typed: `--data-dir`. */
export function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Variables of a server without a key in the configuration file, and why. */
export const variablesWithoutKey: Readonly<Record<string, string>> = {
  BACKUP_SYNC_CONFIG: 'names the file',
  BACKUP_SYNC_DATABASE_URL: 'a secret',
  BACKUP_SYNC_SECRET_KEY: 'a secret',
  BACKUP_SYNC_ADMIN_PASSWORD: 'a secret',
  BACKUP_SYNC_KEYSTONE_PASSWORD: 'a secret',
  BACKUP_SYNC_METRICS_TOKEN: 'a secret',
  http_proxy: 'the same as HTTP_PROXY',
  https_proxy: 'the same as HTTPS_PROXY',
  no_proxy: 'the same as NO_PROXY',
  BACKUP_SYNC_ENDPOINT: 'for commands that call a server',
  BACKUP_SYNC_PROFILE: 'for commands that call a server',
  BACKUP_SYNC_TOKEN: 'for commands that call a server',
  BACKUP_SYNC_ACCESS_KEY: 'for commands that call a server',
  BACKUP_SYNC_SECRET_ACCESS_KEY: 'for commands that call a server',
  BACKUP_SYNC_CONNECT_TIMEOUT: 'for commands that call a server',
  BACKUP_SYNC_TIMEOUT: 'for commands that call a server',
  BACKUP_SYNC_PROJECT: 'for one command',
  BACKUP_SYNC_PASSWORD: 'for one command',
  BACKUP_SYNC_NEW_PASSWORD: 'for one command',
  JOURNAL_STREAM: 'set by systemd',
  XDG_CONFIG_HOME: 'for profiles, which only commands read',
};
