import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { environmentSchema } from '../apps/cli/src/environment.ts';
import { examples, repositoryRoot, temporaryDirectory } from '../apps/cli/src/testing.ts';

const cluster = join(examples, 'cluster');
/** The five nodes start one after the other on a busy machine, and others notice a killed one after 15 seconds. */
const timeoutMs = 180_000;

test('the script imports the examples with a cluster, loses nothing to a killed worker, and stops on Ctrl-C', {
  timeout: timeoutMs,
}, async () => {
  const script = spawn(process.execPath, [join(cluster, 'run.mjs')], { cwd: repositoryRoot, detached: true });
  const [closed, messages] = [once(script, 'close'), text(script.stderr)];
  let output = '';
  for await (const chunk of script.stdout.setEncoding('utf8')) {
    output += chunk;
    if (output.includes('Press Ctrl-C')) script.kill('SIGINT');
  }
  await closed;
  expect({ code: script.exitCode, messages: await messages }).toEqual({
    code: 0,
    messages: expect.stringMatching(
      /^(?:api|worker)-\d: \S+ warn +The node on \S+ \(process \d+\) has been silent for more than 15 s\./m,
    ),
  });
  const [, killed] = /killed (worker-\d) \(process \d+\) with SIGKILL/.exec(output) ?? [];
  expect(output).toContain(`5 results, all as expected: others took over the work of ${killed}.`);
  expect(output.match(/ {2}calls {2}/g)).toHaveLength(2);
  expect(output.match(/ {2}work {2}/g)).toHaveLength(2);
  // Nothing of the group runs any more.
  expect(() => process.kill(-(script.pid ?? 0), 0)).toThrow('ESRCH');
});

type Service = {
  readonly image: string;
  readonly command?: readonly string[] | string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly healthcheck?: unknown;
  readonly ports?: readonly string[];
};

async function readCompose() {
  const document = parse(await readFile(join(cluster, 'compose.yaml'), 'utf8'), { merge: true });
  return {
    services: Object.entries<Service>(document.services),
    secrets: document.secrets as Readonly<Record<string, { readonly file: string }>>,
  };
}

test('the containers are two API nodes and three workers, with what they need', async () => {
  const { services } = await readCompose();
  const commands = services.map(([name, { command }]) => [name, Array.isArray(command) ? command.slice(2) : null]);
  expect(Object.fromEntries(commands)).toMatchObject({
    ...{ 'api-1': ['serve', '--no-work'], 'api-2': ['serve', '--no-work'], migrate: ['migrate'] },
    ...{ 'worker-1': ['work'], 'worker-2': ['work'], 'worker-3': ['work'] },
  });
  const names = services.map(([name]) => name);
  expect(
    services.flatMap(([, { depends_on = {} }]) => Object.keys(depends_on)).filter((each) => !names.includes(each)),
  ).toEqual([]);
  expect(services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]))).toEqual([
    ['api-1', '127.0.0.1:8787:8787'],
    ['api-2', '127.0.0.1:8788:8787'],
  ]);
});

test('the containers have only variables that exist, and their secrets are files that the example writes', async () => {
  const { services, secrets } = await readCompose();
  const variables = services.flatMap(([, { environment = {} }]) => Object.keys(environment));
  const ours = variables.filter((name) => name.startsWith('BACKUP_SYNC_'));
  expect(ours.length).toBeGreaterThan(10);
  expect(ours.filter((name) => !(name in environmentSchema.shape))).toEqual([]);
  for (const [name, { environment = {}, secrets: given = [] }] of services) {
    const files = JSON.stringify(environment).match(/(?<=\/run\/secrets\/)[\w-]+/g) ?? [];
    expect(
      files.filter((file) => !given.includes(file)),
      name,
    ).toEqual([]);
    expect(
      given.filter((secret) => !(secret in secrets)),
      name,
    ).toEqual([]);
  }

  await using home = await temporaryDirectory();
  const directory = join(home.path, 'secrets');
  const [code] = await once(spawn(process.execPath, [join(cluster, 'secrets.mjs'), directory]), 'close');
  expect({ code, mode: (await stat(directory)).mode & 0o777 }).toEqual({ code: 0, mode: 0o700 });
  const written = (await readdir(directory)).map((name) => `secrets/${name}`);
  expect(written.toSorted()).toEqual(
    Object.values(secrets)
      .map(({ file }) => file)
      .toSorted(),
  );
});
