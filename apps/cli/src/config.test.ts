import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples, temporaryDirectory } from './testing.ts';
import { makeCertificate } from './testing-certificate.ts';
import { runInProcess } from './testing-in-process.ts';

const buckets = join(examples, 'buckets');
/** What every server needs. */
const needed = `catalogue: {data_directory: data}\nstorage: {unit: "file:${buckets}"}\n`;

/** A folder with these files, and a way to run commands with its `config.yaml`. */
async function folder(files: Readonly<Record<string, string>>) {
  const home = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    const path = join(home.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: 0o600 });
  }
  const file = join(home.path, 'config.yaml');
  return {
    path: home.path,
    file,
    run: async (args: readonly string[], variables: Readonly<Record<string, string>> = {}) => {
      const { code, output, messages } = await runInProcess([...args, '--config', file], { environment: variables });
      const shown = (text: string) => text.replaceAll(home.path, '~');
      return { code, output: shown(output), messages: shown(messages) };
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

describe('commands on the catalogue of a configuration file', () => {
  test('create it, find it again, and say where they found it', async () => {
    await using home = await folder({
      'config.yaml': needed,
    });
    const environment = { BACKUP_SYNC_CONFIG: home.file };
    const scanned = await runInProcess(['scan', 'volumebackups', '--sync', '--config', home.file]);
    expect(scanned).toMatchObject({ code: 3 });
    const listed = await runInProcess(['backups', 'list', '--json'], { environment });
    expect(JSON.parse(listed.output).count).toBe(4);
    const { output } = await home.run(['whoami']);
    expect(output).toContain('~/data (catalogue.data_directory in ~/config.yaml:1)');
    expect((await home.run(['whoami'], { BACKUP_SYNC_ENDPOINT: 'http://127.0.0.1:9' })).output).toBe(output);
  });

  test('name the problems of the file, and change nothing', async () => {
    await using home = await folder({ 'config.yaml': 'catalogue: {data_directory: data}\nstorge: {}\n' });
    expect(await home.run(['serve'])).toEqual({
      code: 1,
      output: '',
      messages:
        'error: the configuration file "~/config.yaml" has a problem\n' +
        '  ~/config.yaml:2:1: storge is not a key: did you mean storage? If not, remove it\n' +
        'Fix what is named here. To check it again, run "backup-sync config check".\n',
    });
    const { messages } = await home.run(['serve', '--json']);
    expect(JSON.parse(messages).error).toMatchObject({ problems: [{ place: '~/config.yaml:2:1' }] });
  });

  test('never fall back to another catalogue or server if the file names none', async () => {
    await using home = await folder({ 'config.yaml': 'storage: {region: eu-west-1}\n' });
    for (const variables of [{}, { BACKUP_SYNC_ENDPOINT: 'http://127.0.0.1:9', BACKUP_SYNC_TOKEN: 'a-token' }]) {
      const { code, messages } = await home.run(['backups', 'list'], variables);
      expect(code).toBe(1);
      expect(messages).toContain('names no catalogue: set catalogue.data_directory or catalogue.database_url_file');
    }
  });

  test('do not read the file if they call a server, even by its variable', async () => {
    await using home = await folder({ 'config.yaml': '- not valid\n' });
    const server = { BACKUP_SYNC_ENDPOINT: 'http://127.0.0.1:9', BACKUP_SYNC_TOKEN: 't', BACKUP_SYNC_PROJECT: 'p' };
    const called = await runInProcess(['backups', 'list'], {
      environment: { ...server, BACKUP_SYNC_CONFIG: home.file },
    });
    expect(called).toMatchObject({ code: 5, output: '' });
    const refused = await home.run(['backups', 'list', '--profile', 'work']);
    expect(refused.messages).toContain('--profile names a server: leave --config out');
  });
});

describe('config check', () => {
  test('names every problem of the file and of the files that it names, without their content', async () => {
    await using home = await folder({
      'config.yaml': `
catalogue: {data_directory: data, secret_key_file: key}
storage: {unit: "tape:7"}
server:
  listen: 0.0.0.0:8787
  limits: {backlog: 0}
  admin_password_file: hunter2
  tls: {certificate_file: a.pem}
identity: {keystone: {url: "https://iam.example.com", user: u}}
network: {ca_file: key}
`,
      key: 'hunter2 is not a key',
    });
    const { code, output, messages } = await home.run(['config', 'check']);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    const at = (place: string) => messages.split('\n').filter((line) => line.startsWith(`  ~/config.yaml:${place}: `));
    expect(messages).toContain('error: 7 problems in the configuration "~/config.yaml"\n');
    expect(at('6:21')).toEqual([
      expect.stringContaining('server.limits.backlog must be a whole number above 0, not 0'),
    ]);
    expect(at('2:35')).toEqual([expect.stringContaining('must be 32 bytes in base64; create them with "openssl')]);
    expect(at('3:11')).toEqual([expect.stringContaining('starts with neither "file:" nor "s3:"')]);
    expect(at('7:3')).toEqual([
      expect.stringContaining('server.admin_password_file names a file, which cannot be read'),
    ]);
    expect(at('8:9')).toEqual([
      expect.stringContaining('server.tls.certificate_file needs its key: add server.tls.key_file'),
    ]);
    expect(at('9:23')).toEqual([
      expect.stringContaining('(or identity.keystone.password_file) and identity.keystone.project'),
    ]);
    expect(at('10:11')).toEqual([expect.stringContaining('which has no certificate in PEM form')]);
    expect(messages).not.toContain('hunter2');
  });

  test('compares a certificate with its key, and warns of secrets that everyone can read', async () => {
    const [one, other] = await Promise.all([makeCertificate('localhost'), makeCertificate('localhost')]);
    await using home = await folder({
      'config.yaml': `${needed}server: {tls: {certificate_file: cert.pem, key_file: key.pem}, admin_password_file: password}\n`,
      'cert.pem': one.cert,
      'key.pem': one.key,
      password: 'a password of the test\n',
    });
    expect(await home.run(['config', 'check'])).toEqual({
      code: 0,
      output: '~/config.yaml is valid: 5 settings\n',
      messages: '',
    });
    await chmod(join(home.path, 'password'), 0o644);
    await writeFile(join(home.path, 'key.pem'), other.key);
    const { code, messages } = await home.run(['config', 'check']);
    expect(code).toBe(1);
    expect(messages).toContain('the TLS key ~/key.pem does not belong to the certificate ~/cert.pem');
    expect(messages).toContain('warning: ~/config.yaml:3:64: "~/password" has a secret, and every user');
  });

  test.each([
    [
      'the metrics are open to the network',
      '',
      'metrics: {listen: "0.0.0.0:9187"}',
      '3:11: metrics.listen: 0.0.0.0 is not a',
    ],
    [
      'the token of the metrics is short',
      '',
      'metrics: {listen: "127.0.0.1:9187", token_file: short}',
      '3:11: metrics.token_file has fewer than 16 characters: choose a longer one',
    ],
    ['no storage is given', 'storage', '', ' no storage unit is given: set storage.unit'],
    ['no catalogue is given', 'catalogue', '', ' no catalogue is given: set catalogue.data_directory or'],
  ])('finds what a start refuses: %s', async (_, without, more, expected) => {
    const lines = needed.split('\n').filter((line) => without === '' || !line.startsWith(without));
    await using home = await folder({ 'config.yaml': [...lines.filter(Boolean), more, ''].join('\n'), short: 'short' });
    const { code, messages } = await home.run(['config', 'check']);
    expect(code).toBe(1);
    expect(messages).toContain('error: 1 problem in the configuration');
    expect(messages).toContain(`~/config.yaml:${expected}`);
  });

  test('only warns of credentials of a service that is not running', async () => {
    await using home = await folder({
      'config.yaml': `${needed}server: {admin_password_file: /run/credentials/absent.service/secret_admin-password}\n`,
    });
    expect(await home.run(['config', 'check'])).toEqual({
      code: 0,
      output: '~/config.yaml is valid: 3 settings\n',
      messages:
        'warning: ~/config.yaml:3:10: "/run/credentials/absent.service/secret_admin-password" was not checked: ' +
        'systemd has it only while the service runs\n',
    });
  });

  test('names a variable that is not valid, and needs a file', async () => {
    await using home = await folder({ 'config.yaml': 'server: {listen: "127.0.0.1:0"}\n' });
    const wrong = await home.run(['config', 'check'], { BACKUP_SYNC_STORAGE: 'tape:7', BACKUP_SYNC_LISTEN: 'here' });
    expect(wrong.messages).toContain('  BACKUP_SYNC_STORAGE: storage unit "tape:7" starts with neither');
    expect(wrong.messages).toContain('  BACKUP_SYNC_LISTEN: ');
    expect(wrong.messages).not.toContain('~/config.yaml:1');
    const roots = { BACKUP_SYNC_TRUSTED_ROOTS: join(home.path, 'roots.pem') };
    const variable = await home.run(['config', 'check'], roots);
    expect(variable.messages).toContain(
      '  BACKUP_SYNC_TRUSTED_ROOTS: BACKUP_SYNC_TRUSTED_ROOTS names "~/roots.pem", which',
    );
    const without = await runInProcess(['config', 'check']);
    expect(without).toMatchObject({ code: 1, messages: expect.stringContaining('no configuration file is given') });
  });
});

describe('config show', () => {
  test('says where each value comes from, in the order of what wins', async () => {
    await using home = await folder({
      'config.yaml': 'catalogue: {data_directory: data}\nstorage:\n  unit: file:here\n  region: eu-west-1\n',
    });
    const show = async (args: readonly string[], variables: Readonly<Record<string, string>>) => {
      const { output } = await home.run(['config', 'show', '--json', ...args], variables);
      const { settings } = JSON.parse(output) as { settings: { key: string }[] };
      return new Map(settings.map(({ key, ...setting }) => [key, setting]));
    };
    const settings = await show(['--storage', 'file:/other'], {
      AWS_REGION: 'us-east-2',
      BACKUP_SYNC_STORAGE: 'file:/x',
    });
    expect(settings.get('storage.unit')).toEqual({ value: 'file:/other', source: 'option', from: '--storage' });
    expect(settings.get('storage.region')).toEqual({ value: 'us-east-2', source: 'variable', from: 'AWS_REGION' });
    expect(settings.get('catalogue.data_directory')).toEqual({
      value: '~/data',
      source: 'file',
      from: '~/config.yaml:1',
    });
    expect(settings.get('storage.retry_for')).toEqual({ value: '20m', source: 'default', from: null });
    expect(settings.get('storage.requests_per_second')).toEqual({ value: null, source: 'default', from: null });
    // A process has one catalogue: what wins displaces the other kind.
    const database = await show([], { BACKUP_SYNC_DATABASE_URL: 'postgres://user:hunter2@host/name' });
    expect(database.get('catalogue.data_directory')).toMatchObject({ value: null });
    expect(database.get('catalogue.database_url_file')).toMatchObject({ value: '[redacted]', source: 'variable' });
  });

  test('shows no secret, wherever it was given', async () => {
    await using home = await folder({
      'config.yaml': 'catalogue:\n  secret_key_file: hunter2\nidentity: {keystone: {password_file: hunter2}}\n',
    });
    const variables = {
      BACKUP_SYNC_ADMIN_PASSWORD: 'hunter2 hunter2',
      BACKUP_SYNC_STORAGE: 's3:https://user:hunter2/x@host',
      BACKUP_SYNC_PUBLIC_URL: 'https://user:hunter2@host',
      HTTPS_PROXY: 'http://user:hunter2@proxy:3128',
    };
    for (const json of [[], ['--json']]) {
      const { code, output, messages } = await home.run(['config', 'show', ...json], variables);
      expect(code).toBe(0);
      expect(output).toContain('[redacted]@proxy:3128');
      expect(`${output}${messages}`.replaceAll('~/hunter2', '')).not.toContain('hunter2');
    }
  });
});
