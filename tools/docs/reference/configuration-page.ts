import { configurationKeys } from '../../../apps/cli/src/configuration/keys.ts';
import {
  type ConfigurationSchema,
  serverConfigurationSchema,
} from '../../../packages/contracts/src/server-configuration.ts';
import { codeBlock, generatedPage, table } from './markdown.ts';

const example = `
# yaml-language-server: $schema=configuration.schema.json
catalogue:
  data_directory: /var/lib/backup-sync
storage:
  unit: s3:https://s3.example.com
server:
  listen: 0.0.0.0:8787
  tls:
    certificate_file: /etc/ssl/certs/backups.example.com.pem
    key_file: /etc/ssl/private/backups.example.com.key
  drain_for: 20s
`.trim();

/** The JSON Schema of the configuration file, for editors. */
export function configurationSchema(): string {
  return `${JSON.stringify(serverConfigurationSchema(), null, 2)}\n`;
}

/** Every key of the configuration file. */
export function configurationPage(): string {
  return generatedPage('Configuration file', [
    'The configuration file has the settings of `serve` and `work`, and of commands that work on the same catalogue without a server. Name it with `--config` or `BACKUP_SYNC_CONFIG`. [Configure a server](../how-to/configure.md) shows how to check and reload it.',
    codeBlock('yaml', example),
    '## Rules',
    [
      'An option wins over a variable, and a variable wins over the file. `backup-sync config show` prints where each value comes from.',
      'The file is YAML 1.2 in UTF-8, with up to 256 KiB. Unknown keys, repeated keys and tags are refused. Every key is optional.',
      'Relative paths are relative to the folder of the file, also in `file:<directory>`.',
      'A duration is a number with `s`, `m`, `h` or `d`, such as `90s`, `20m` or `26h`.',
      'Secrets are not in the file. A key that ends in `_file` names a file with the secret. A line break at its end is ignored.',
      'S3 credentials come from the places that the official AWS SDK reads: see [Environment variables](variables.md#read-by-libraries-and-by-node).',
      'A running server applies a new value of a key with ✓ when it gets SIGHUP. For all others it says that it needs a restart.',
      'Commands that call a server do not read the file.',
    ]
      .map((rule) => `- ${rule}`)
      .join('\n'),
    'For an editor that checks the file as you type, the [JSON Schema](configuration.schema.json) describes it.',
    ...sectionsOf(serverConfigurationSchema()).flatMap(({ name, node }) => [
      `## ${name}`,
      node.description ?? '',
      table(
        ['key', 'meaning', 'default', 'variable', 'SIGHUP'],
        Object.entries(node.properties ?? {})
          .filter(([, { properties }]) => properties === undefined)
          .map(([key, leaf]) => rowOf(`${name}.${key}`, leaf)),
      ),
    ]),
  ]);
}

/** The sections that have keys of their own, with those below them. */
function sectionsOf(
  { properties = {} }: ConfigurationSchema,
  parent = '',
): { name: string; node: ConfigurationSchema }[] {
  return Object.entries(properties).flatMap(([key, node]) => {
    if (node.properties === undefined) return [];
    const name = `${parent}${key}`;
    const hasKeys = Object.values(node.properties).some((below) => below.properties === undefined);
    return [...(hasKeys ? [{ name, node }] : []), ...sectionsOf(node, `${name}.`)];
  });
}

function rowOf(key: string, { description = '', default: fallback, enum: choices }: ConfigurationSchema): string[] {
  const { variable, isLive } = configurationKeys.find((each) => each.key === key) ?? {};
  const allowed = choices === undefined ? '' : ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`;
  return [
    `\`${key.split('.').at(-1)}\``,
    `${description}${allowed}`,
    fallback === undefined ? '' : `\`${typeof fallback === 'object' ? JSON.stringify(fallback) : fallback}\``,
    `\`${variable}\``,
    isLive ? '✓' : '',
  ];
}
