import { z } from 'zod';
import { role } from './identity.ts';

/** Characters of the longest value. */
const textMax = 4096;

/** Text. YAML reads `0123` as a number, so the message says what to do. */
const text = (rule = 'must be text: put the value in quotes') => z.string(rule).min(1, rule).max(textMax, rule);

const matching = (pattern: RegExp, rule: string) => text(rule).regex(pattern, rule);

const count = (fallback?: number) => {
  const rule = 'must be a whole number above 0';
  const largest = 999_999_999_999_999;
  return z
    .int(rule)
    .min(1, rule)
    .max(largest, rule)
    .meta(fallback === undefined ? {} : { default: fallback });
};

const duration = () => matching(/^\d{1,6}[smhd]$/, 'must be a duration such as 90s, 90m, 26h or 7d');

const durationOrForever = () => matching(/^(?:forever|\d{1,6}[smhd])$/, 'must be a duration such as 90d, or forever');

const hostAndPort = () =>
  matching(
    /^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/,
    'must be an address and a port, such as 127.0.0.1:8787 or "[::1]:8787"',
  );

/** An address without credentials, which would be secrets. */
const webAddress = () =>
  matching(/^https?:\/\/[^\s@?#]+$/, 'must be an http or https address without credentials, such as https://host');

const path = () => matching(/^[^\r\n\0]+$/, 'must be the path of a file or directory');

/** The path of a file with a secret. Most secrets that are pasted here have another form. */
const secretFile = () =>
  matching(
    /^(?!.*(?:-----|:\/\/))[^\r\n\0]+$/,
    'must be the path of a file: write the secret itself to that file, which only the server may read',
  );

const networks = () =>
  z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be an address or a network such as 10.0.0.0/8'),
    'must be a list of addresses and networks, such as [10.0.0.0/8]',
  );

/** A group of keys. Unknown keys are problems: a mistyped key must not be ignored. */
const section = <Shape extends z.ZodRawShape>(description: string, shape: Shape) =>
  z
    .strictObject(shape, {
      error: ({ code }) => (code === 'invalid_type' ? 'must be a section with its keys indented below it' : undefined),
    })
    .meta({ description });

/**
 * The configuration file of a server, as YAML. Every key is optional: an option or a variable may give the value, else
 * the default counts.
 */
export const serverConfiguration = section('Configuration of a backup-sync server.', {
  catalogue: section('Where the catalogue is.', {
    data_directory: path().optional().meta({ description: 'Directory of the catalogue.' }),
    database_url_file: secretFile().optional().meta({
      description:
        'File with the address of the PostgreSQL database that has the catalogue, instead of a data directory: `postgres://user:password@host/name`.',
    }),
    secret_key_file: secretFile().optional().meta({
      description:
        'File with the key that encrypts the secrets of access keys: 32 bytes in base64. Needed with a database; by default, the file `secret.key` in the data directory.',
    }),
  })
    .refine(
      ({ data_directory, database_url_file }) => data_directory === undefined || database_url_file === undefined,
      'names two catalogues: remove data_directory or database_url_file',
    )
    .optional(),
  storage: section('The storage with the buckets, and how it is used.', {
    unit: matching(
      /^(?:file:|(?!.*@)[a-z][a-z0-9]*:).+$/,
      'must be file:<directory> or s3:<endpoint>, without credentials',
    )
      .optional()
      .meta({ description: 'Storage unit with the buckets: `file:<directory>` or `s3:<endpoint>`.' }),
    addressing_style: z.enum(['path', 'virtual'], 'must be path or virtual').optional().meta({
      description: 'Place of the bucket name in S3 requests.',
      default: 'path',
    }),
    region: text().optional().meta({ description: 'Region that S3 requests are signed for.', default: 'us-east-1' }),
    requests_per_second: count().optional().meta({
      description: 'Maximum requests per second to one bucket. By default 200 for S3, without limit for a directory.',
    }),
    requests_in_flight: count().optional().meta({
      description:
        'Maximum number of requests to one bucket in flight. By default 32 for S3, without limit for a directory.',
    }),
    linkage_max_bytes: count(8_589_934_592)
      .optional()
      .meta({ description: 'Maximum number of bytes that a sync reads to prove one link.' }),
    retry_for: duration().optional().meta({
      description: 'Time for which the server retries while storage does not answer; `0s` for no retries.',
      default: '20m',
    }),
  }).optional(),
  server: section('The API.', {
    listen: hostAndPort().optional().meta({
      description: 'Address and port that the server listens on.',
      default: '127.0.0.1:8787',
    }),
    public_url: webAddress()
      .optional()
      .meta({ description: 'Address that clients use, if a proxy is in front of the server.' }),
    behind_tls_proxy: z.boolean('must be true or false').optional().meta({
      description: 'Whether a proxy in front of the server does TLS.',
      default: false,
    }),
    trusted_proxies: networks()
      .optional()
      .meta({ description: 'Addresses and networks of proxies whose `X-Forwarded-For` the server believes.' }),
    drain_for: duration().optional().meta({
      description:
        'Time between SIGTERM and the stop. Meanwhile `/readyz` answers 503, so that a load balancer sends calls elsewhere, and calls still work.',
      default: '0s',
    }),
    admin_password_file: secretFile().optional().meta({
      description:
        'File with the password of the user `admin`, whom the first start creates: 12 characters or more. By default, the password is generated and shown once.',
    }),
    tls: section('The certificate for HTTPS.', {
      certificate_file: path().optional().meta({ description: 'PEM file with the certificate and its chain.' }),
      key_file: secretFile().optional().meta({ description: 'PEM file with the private key of the certificate.' }),
    }).optional(),
    limits: section('What callers may use.', {
      connections: count(4096).optional().meta({ description: 'Maximum number of open connections.' }),
      calls_in_flight: count(1024)
        .optional()
        .meta({ description: 'Maximum number of calls in progress, including streams.' }),
      calls_per_second: count(1000).optional().meta({
        description: 'Calls per second of one caller before 429. Short bursts may have twice as many.',
      }),
      unknown_calls_per_second: count(50).optional().meta({
        description:
          'Calls per second without valid credentials from one address before 429. Short bursts may have ten times as many.',
      }),
      backlog: count(100_000)
        .optional()
        .meta({ description: 'Unfinished imports of one project before a sync gets 429.' }),
    }).optional(),
  }).optional(),
  identity: section('Where users come from, if not from the catalogue.', {
    keystone: section('An OpenStack Keystone that knows the users, projects and roles.', {
      url: webAddress().optional().meta({ description: 'Address of the Keystone service.' }),
      user: text().optional().meta({ description: 'User as which the server logs in to Keystone.' }),
      password_file: secretFile().optional().meta({ description: 'File with the password of that user.' }),
      user_domain: text().optional().meta({ description: 'Name of the domain of that user.', default: 'Default' }),
      project: text().optional().meta({ description: 'Project in which the server logs in to Keystone.' }),
      project_domain: text()
        .optional()
        .meta({ description: 'Name of the domain of that project.', default: 'Default' }),
      roles: z
        .record(
          z.string().regex(/^[^=,]+$/, 'must not contain "=" or ","'),
          z.enum(role.options, `must be one of ${role.options.join(', ')}`),
          'must be a map from each role in Keystone to a role here, such as {member: operator}',
        )
        .optional()
        .meta({
          description: 'Role here for each role in Keystone.',
          default: { admin: 'administrator', member: 'operator', reader: 'reader' },
        }),
    }).optional(),
  }).optional(),
  network: section('How the server reaches storage and Keystone.', {
    http_proxy: webAddress().optional().meta({ description: 'Forward proxy for `http` addresses.' }),
    https_proxy: webAddress().optional().meta({ description: 'Forward proxy for `https` addresses.' }),
    no_proxy: z
      .array(matching(/^[^\s,]+$/, 'must be a host, an address or a network'), 'must be a list, such as [example.com]')
      .optional()
      .meta({
        description:
          'Hosts that are reached without a proxy: domains with their subdomains, addresses, IPv4 networks, or `*`.',
      }),
    ca_file: path().optional().meta({
      description: 'PEM file of private certificate authorities, trusted in addition to the public ones.',
    }),
  }).optional(),
  signatures: section('Who may sign packages of virtual machines (OVF, OVA).', {
    trusted_roots_file: path().optional().meta({
      description:
        'PEM file of root certificates. A signed package says which of them vouches for its signer, or that none does. By default, no signer is trusted.',
    }),
  }).optional(),
  metrics: section('Metrics for Prometheus.', {
    listen: hostAndPort().optional().meta({
      description: 'Address and port that serve the metrics. By default, they are not served.',
    }),
    token_file: secretFile().optional().meta({
      description: 'File with the token that a scrape needs. Required beyond loopback.',
    }),
  }).optional(),
  logs: section('The log on standard error.', {
    level: z.enum(['error', 'warn', 'info', 'debug'], 'must be error, warn, info or debug').optional().meta({
      description: 'The least important entries that are logged.',
      default: 'info',
    }),
    format: z.enum(['json', 'text'], 'must be json or text').optional().meta({
      description: 'Form of the entries.',
      default: 'text',
    }),
  }).optional(),
  hooks: section('Webhooks.', {
    allowed_networks: networks().optional().meta({
      description: 'Addresses and networks inside the network that webhooks may reach. By default, none.',
    }),
  }).optional(),
  retention: section('How long the catalogue keeps what is finished.', {
    operations: durationOrForever().optional().meta({
      description: 'Time for which ended operations are kept that nothing needs.',
      default: '90d',
    }),
    findings: durationOrForever().optional().meta({
      description: 'Time for which findings of ended scans and plans are kept, with the scan or plan that has them.',
      default: '90d',
    }),
    audit: durationOrForever().optional().meta({
      description: 'Time for which audit events are kept.',
      default: 'forever',
    }),
    verifications: durationOrForever().optional().meta({
      description: 'Time for which verifications are kept that newer ones have replaced.',
      default: 'forever',
    }),
  }).optional(),
});

/** The content of a configuration file. */
export type ServerConfiguration = z.infer<typeof serverConfiguration>;

/** A part of {@link serverConfigurationSchema}. */
export type ConfigurationSchema = {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  /** The keys of a section. */
  readonly properties?: Readonly<Record<string, ConfigurationSchema>>;
};

/** The JSON Schema of the file. Language servers of editors understand draft 7. */
export const serverConfigurationSchema = (): ConfigurationSchema =>
  z.toJSONSchema(serverConfiguration, { target: 'draft-7' }) as ConfigurationSchema;
