import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../failure.ts';
import { temporaryDirectory } from '../testing.ts';
import { readConfiguration } from './read-configuration.ts';

/** Reads a file with this content, and returns its values by key. */
async function read(content: string): Promise<Readonly<Record<string, string>>> {
  await using home = await temporaryDirectory();
  const path = join(home.path, 'config.yaml');
  await writeFile(path, content);
  const { values } = await readConfiguration(path);
  return Object.fromEntries(values.map(({ key, text }) => [key, text.replaceAll(home.path, '')]));
}

/** Reads a file with this content that is refused, and returns what is wrong with it. */
async function refused(content: string | Buffer): Promise<string> {
  await using home = await temporaryDirectory();
  const path = join(home.path, 'config.yaml');
  await writeFile(path, content);
  const error = await readConfiguration(path).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigurationError)) throw error;
  const text = [error.message, ...error.problems.map(({ place, message }) => `${place}: ${message}`)].join('\n');
  return text
    .replaceAll(`${path}:`, '')
    .replaceAll(path, 'config.yaml')
    .replace(/^the configuration file /, '');
}

describe('a configuration file', () => {
  test('gives values in the form of the variables, with paths relative to its folder', async () => {
    expect(
      await read(`
catalogue: {data_directory: data/catalogue}
storage:
  unit: file:buckets
  requests_per_second: 7
server:
  behind_tls_proxy: true
  trusted_proxies: [10.0.0.0/8, "2001:db8::1"]
identity:
  keystone:
    url: https://iam.example.com/v3
    roles: {member: operator, "night shift": reader}
network: {no_proxy: [example.com, "*"]}
logs:
  # A section with only comments is empty.
`),
    ).toEqual({
      'catalogue.data_directory': '/data/catalogue',
      'storage.unit': 'file:/buckets',
      'storage.requests_per_second': '7',
      'server.behind_tls_proxy': 'true',
      'server.trusted_proxies': '10.0.0.0/8,2001:db8::1',
      'identity.keystone.url': 'keystone:https://iam.example.com/v3',
      'identity.keystone.roles': 'member=operator,night shift=reader',
      'network.no_proxy': 'example.com,*',
    });
  });

  test('may have a byte order mark, CRLF line ends, anchors, and only comments', async () => {
    expect(await read('\uFEFFstorage:\r\n  region: eu-west-1\r\n')).toEqual({ 'storage.region': 'eu-west-1' });
    expect(await read('metrics: {listen: &a "127.0.0.1:1"}\nserver: {listen: *a}\n')).toEqual({
      'metrics.listen': '127.0.0.1:1',
      'server.listen': '127.0.0.1:1',
    });
    expect(await read('# storage:\n#   region: eu-west-1\n')).toEqual({});
  });

  test('names every problem with its place and what to do', async () => {
    const problems = await refused(`
catalogue:
  data_directory: data
  database_url_file: url
storage:
  region: 7
  retry_for: 20
  unit: buckets
servers:
  listen: x
server:
  listen: 8787
  trustedProxies: []
  tls:
    certificate-file: a.pem
  limits: [1]
  trusted_proxies: [10.0.0.0/8, proxy]
  public_url:
identity: {keystone: {roles: {member: owner}}}
drain_for: 5s
`);
    expect(problems.split('\n')).toEqual([
      '"config.yaml" has 13 problems',
      '3:3: catalogue names two catalogues: remove data_directory or database_url_file',
      '6:11: storage.region must be text: put the value in quotes, not 7',
      '7:14: storage.retry_for must be a duration such as 90s, 90m, 26h or 7d, not 20',
      '8:9: storage.unit must be file:<directory> or s3:<endpoint>, without credentials, not "buckets"',
      '9:1: servers is not a key: did you mean server? If not, remove it',
      '12:11: server.listen must be an address and a port, such as 127.0.0.1:8787 or "[::1]:8787", not 8787',
      '13:3: server.trustedProxies is not a key: did you mean server.trusted_proxies? If not, remove it',
      '15:5: server.tls.certificate-file is not a key: did you mean server.tls.certificate_file? If not, remove it',
      '16:11: server.limits must be a section with its keys indented below it',
      '17:33: server.trusted_proxies[1] must be an address or a network such as 10.0.0.0/8, not "proxy"',
      '18:3: server.public_url has no value: give one, or remove the key',
      '19:39: identity.keystone.roles.member must be one of reader, operator, administrator, not "owner"',
      '20:1: drain_for is not a key: did you mean server.drain_for? If not, remove it',
    ]);
  });

  test('may not have a secret, which is never shown', async () => {
    const problems = await refused(`
catalogue:
  database_url: postgres://user:hunter2@host/name
  secret_key_file: "-----BEGIN hunter2"
  database_url_file: postgres://user:hunter2@host/name
server: {admin_password: hunter2}
storage: {unit: "s3:https://user:hunter2@host"}
network: {https_proxy: "http://user:hunter2@proxy:3128"}
password: hunter2
`);
    expect(problems).not.toContain('hunter2');
    expect(problems).toContain(
      '3:3: catalogue.database_url: the file may not have a secret itself: write it to another file, and name that in catalogue.database_url_file',
    );
    expect(problems).toContain('4:20: catalogue.secret_key_file must be the path of a file: write the secret itself');
    expect(problems).toContain('6:10: server.admin_password: the file may not have a secret itself');
    expect(problems.split('\n')).toHaveLength(8);
  });
});

describe('the configuration file is refused with its place and a remedy if it', () => {
  test.each([
    ['is empty', ' \n', '"config.yaml" is empty: write the settings to it'],
    ['is a list', '- a\n', '1:1: the file must have sections such as "server:" with keys below them'],
    ['is a sentence', 'hello\n', '1:1: the file must have sections'],
    ['is an INI file', '[server]\nlisten = x\n', '2:1: a key needs ": " before its value'],
    ['is not YAML', 'server: {listen: "x\n', 'not valid YAML|is missing here'],
    ['is indented by a tab', 'server:\n\tlisten: x\n', '2:1: a tab cannot indent a line: use spaces'],
    ['has a line that is indented otherwise', 'a:\n  b: 1\n c: 2\n', '3:1: this line must begin in the same column'],
    ['has a key twice', 'storage:\n  region: a\n  region: b\n', '3:3: storage.region is given twice: remove one'],
    ['has a tag', 'storage:\n  region: !env REGION\n', '2:11: tags such as !name are not supported: remove it'],
    ['has a directive', '%YAML 1.1\n---\nstorage:\n', '1:1: remove this line: it is a directive of YAML'],
    ['has two documents', 'storage:\n---\nserver:\n', 'the file must have one document'],
    ['has an alias without an anchor', 'storage: *a\n', '1:10: there is no anchor &a above'],
    ['has a key that is a list', '? [a]\n: 1\n', '1:3: a key must be text: put it in quotes'],
    ['has a key of the prototype', '__proto__: {a: 1}\n', '1:1: __proto__ is not a key: remove it'],
    ['has a NUL', 'storage:\n  region: a\0b\n', '2:12: the file has a NUL character: remove it'],
    ['is nested too deeply', '['.repeat(5_000), 'the file is nested too deeply'],
    ['is as large as a log', 'a'.repeat(5 * 1024 * 1024), 'has more than 256 KiB: is it another file?'],
  ])('%s', async (_, content, expected) => {
    expect(await refused(content)).toMatch(new RegExp(expected.replaceAll(/[.?*()[\]"]/g, '\\$&')));
  });

  test('is not UTF-8', async () => {
    expect(await refused(Buffer.from([0xff, 0xfe, 0x61, 0x00]))).toBe(
      '"config.yaml" is not text in UTF-8: save it as UTF-8',
    );
  });

  test('names billions of values by its aliases', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) => `l${at}: &l${at} [${at === 0 ? '1' : `*l${at - 1}, `.repeat(9)}]`,
    );
    expect(await refused(levels.join('\n'))).toContain('the file has more than 100 aliases: write the values');
    expect(await refused('a: &a\n  b: *a\n')).toContain('has more than 20000 values, or more than 20 levels');
  });

  test('has thousands of aliases, without looking for each anchor in the whole file', async () => {
    const content = (item: string) => `server: {listen: &a x, trusted_proxies: [${`${item},`.repeat(19_000)}]}\n`;
    expect(await refused(content('*a'))).toContain('1:342: the file has more than 100 aliases: write the values');
    expect(await refused(content('*b'))).toContain('18,950 more problems from here on: fix those above first');
  });

  test.each([
    ['unknown keys', Array.from({ length: 15_000 }, (_, at) => `key${at}: 1`).join('\n')],
    ['values that are not valid', `server: {trusted_proxies: [${'a,'.repeat(15_000)}]}`],
    ['keys that are given twice', 'server: {}\n'.repeat(15_001)],
  ])('has thousands of %s, and names the first ones', async (_, content) => {
    const problems = (await refused(content)).split('\n');
    expect(problems).toHaveLength(52);
    expect(problems.at(-1)).toMatch(/^\d+:\d+: 14,950 more problems from here on: fix those above first$/);
  });

  test('has a key that is longer than any', async () => {
    expect(await refused(`? ${'k'.repeat(201)}\n: 1\n`)).toContain(
      '1:3: a key may have at most 200 characters: remove it',
    );
  });

  test('is missing, a directory or not readable', async () => {
    await using home = await temporaryDirectory();
    const missing = join(home.path, 'missing.yaml');
    await expect(readConfiguration(missing)).rejects.toThrow(
      `the configuration file ${JSON.stringify(missing)} does not exist: name a readable file with --config`,
    );
    const directory = join(home.path, 'directory');
    await mkdir(directory);
    await expect(readConfiguration(directory)).rejects.toThrow('is not a regular file: name one with --config');
    if (process.getuid?.() === 0) return;
    const closed = join(home.path, 'closed.yaml');
    await writeFile(closed, 'storage:\n');
    await chmod(closed, 0);
    await expect(readConfiguration(closed)).rejects.toThrow('cannot be read (EACCES)');
  });
});
