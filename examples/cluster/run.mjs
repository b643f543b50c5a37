// npm run cluster: starts a cluster as plain processes, imports the examples with it, and kills a worker meanwhile.
// The same as compose.yaml, for a machine without containers: PostgreSQL, two API nodes, three workers, an S3 server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { env } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { startS3Server } from '../../packages/engine/src/testing/s3-test-server.ts';
import { startDatabase } from './database.mjs';
import { makeSecrets } from './secrets.mjs';

const root = join(import.meta.dirname, '..', '..');
const examples = join(root, 'examples');
const command = join(root, 'apps', 'cli', 'dist', 'main.js');
const workers = ['worker-1', 'worker-2', 'worker-3'];

/** Time after which slow storage answers, in milliseconds. */
const slowAnswerMs = 200;
/** Time between two looks at the nodes, in milliseconds. */
const lookEveryMs = 50;
/** Time limit for a node to be ready, and for a worker to have work, in milliseconds. */
const readyWithinMs = 60_000;

/** Whether the storage is slow. Otherwise, the import would be over before a worker can be killed. */
let isSlow = true;
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupted.abort());

await using resources = new AsyncDisposableStack();
try {
  await runCluster();
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
}

async function runCluster() {
  const storage = resources.use(await startStorage());
  const url = env.BACKUP_SYNC_DATABASE_URL ?? resources.use(await startDatabase()).url;
  const { adminPassword, secretKey } = makeSecrets();
  const environment = {
    BACKUP_SYNC_DATABASE_URL: url,
    BACKUP_SYNC_STORAGE: `s3:${storage.options.endpoint}`,
    BACKUP_SYNC_SECRET_KEY: secretKey,
    BACKUP_SYNC_ADMIN_PASSWORD: adminPassword,
    AWS_ACCESS_KEY_ID: storage.options.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: storage.options.credentials.secretAccessKey,
  };
  await runCommand(['migrate'], environment);

  const [first, second] = await Promise.all(['api-1', 'api-2'].map((name) => startApi(name, environment)));
  const running = await Promise.all(workers.map((name) => startNode(name, ['work'], environment)));
  const caller = await logIn(first.endpoint, adminPassword);
  const at = ({ endpoint }) => ({ BACKUP_SYNC_ENDPOINT: endpoint, ...caller });
  say(`\n2 API nodes at ${first.endpoint} and ${second.endpoint}, and 3 workers`);

  say('\nImporting the examples through api-1. Events of the import, from api-2:');
  const events = await followEvents(at(second));
  const [synced, killed] = await Promise.all([
    runCommand(['sync', join(examples, 'sync-request.json'), '--ndjson'], at(first), [0, 3]),
    killBusyWorker(at(second), running),
  ]);
  const results = synced.output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  events.stop();
  await checkResults(results);
  say(`${results.length} results, all as expected: others took over the work of ${killed.name}.`);

  say('\nReading the data of every chain, through api-2:');
  say((await runCommand(['verify', '--all', '--yes'], at(second), [0, 3])).output);
  const [nodes, backups] = await Promise.all([
    runCommand(['nodes', 'list'], at(first)),
    runCommand(['backups', 'list'], at(second)),
  ]);
  say(`The nodes, as api-1 sees them:\n${nodes.output}`);
  say(`The backups, as api-2 sees them:\n${backups.output}`);

  say(`The API is at ${first.endpoint} and ${second.endpoint}. Press Ctrl-C to stop everything.`);
  if (!interrupted.signal.aborted) await once(interrupted.signal, 'abort');
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Starts an S3 server with the buckets of the examples. */
async function startStorage() {
  const directory = join(examples, 'buckets');
  const buckets = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const [bucket, ...key] = relative(directory, path).split(sep);
    buckets[bucket] ??= {};
    buckets[bucket][key.join('/')] = await readFile(path);
  }
  const beforeAnswer = () => (isSlow ? delay(slowAnswerMs) : undefined);
  return startS3Server(buckets, () => null, { modifiedAt: new Date(), beforeAnswer });
}

/** Starts an API node on a free port. */
async function startApi(name, environment) {
  const { said, ...node } = await startNode(name, ['serve', '--no-work', '--listen', '127.0.0.1:0'], environment);
  return { ...node, endpoint: said.endpoint };
}

/** Starts a node, and returns it with the JSON that it prints when it is ready. It is stopped at the end. */
async function startNode(name, args, environment) {
  const child = start([...args, '--json'], environment);
  const closed = once(child, 'close');
  resources.defer(async () => {
    child.kill('SIGTERM');
    await closed;
  });
  createInterface({ input: child.stderr }).on('line', (line) => process.stderr.write(`${name}: ${line}\n`));
  let output = '';
  const ready = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.includes('}')) resolve();
    });
  });
  await Promise.race([ready, closed, delay(readyWithinMs, undefined, { ref: false })]);
  if (!output.includes('}')) throw new Error(`${name} did not start`);
  return { name, child, pid: child.pid, said: JSON.parse(output) };
}

function start(args, environment) {
  // A group of its own: Ctrl-C reaches only this process, which then stops the others in their order.
  return spawn(process.execPath, [command, ...args], { env: { ...ownEnvironment(), ...environment }, detached: true });
}

/** The environment without what would lead commands elsewhere. */
function ownEnvironment() {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(BACKUP_SYNC|AWS)_/.test(name)));
}

/** Runs a command to its end. Throws if its exit code is not one of these. */
async function runCommand(args, environment, codes = [0]) {
  const child = start(args, environment);
  const stop = () => child.kill('SIGTERM');
  interrupted.signal.addEventListener('abort', stop, { once: true });
  let output = '';
  let messages = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    messages += chunk;
  });
  const [code] = await once(child, 'close');
  interrupted.signal.removeEventListener('abort', stop);
  if (!codes.includes(code)) throw new Error(`backup-sync ${args.join(' ')} exits ${code}: ${messages}`);
  return { output, messages };
}

/** Returns the variables with which commands call an API node as the administrator. */
async function logIn(endpoint, password) {
  const { output } = await runCommand(['token', '--endpoint', endpoint, '--json'], { BACKUP_SYNC_PASSWORD: password });
  const { token, project_id: project } = JSON.parse(output);
  return { BACKUP_SYNC_TOKEN: token, BACKUP_SYNC_PROJECT: project };
}

/** Prints the events of operations until it is stopped. Returns once the stream is open. */
async function followEvents(environment) {
  const child = start(['operations', 'watch'], environment);
  createInterface({ input: child.stdout }).on('line', (line) => say(`  ${line}`));
  const stop = () => child.kill('SIGTERM');
  resources.defer(stop);
  await once(child.stderr, 'data');
  return { stop };
}

/** Kills the first worker that works on something. Returns it. */
async function killBusyWorker({ BACKUP_SYNC_ENDPOINT, BACKUP_SYNC_TOKEN, BACKUP_SYNC_PROJECT }, running) {
  const deadlineMs = performance.now() + readyWithinMs;
  while (performance.now() < deadlineMs) {
    const answer = await fetch(`${BACKUP_SYNC_ENDPOINT}/v1/projects/${BACKUP_SYNC_PROJECT}/nodes`, {
      headers: { 'X-Auth-Token': BACKUP_SYNC_TOKEN },
      signal: interrupted.signal,
    });
    if (!answer.ok) throw new Error(`the nodes cannot be listed: ${await answer.text()}`);
    const { nodes } = await answer.json();
    const busy = nodes.find(({ works, operation_count: count }) => works && count > 0);
    const worker = running.find(({ pid }) => pid === busy?.process_id);
    if (worker !== undefined) {
      worker.child.kill('SIGKILL');
      isSlow = false;
      say(`  killed ${worker.name} (process ${worker.pid}) with SIGKILL, in the middle of its work`);
      return worker;
    }
    await delay(lookEveryMs, undefined, { signal: interrupted.signal });
  }
  throw new Error('no worker had work');
}

/** Throws if a result differs from the one in expected-results.json. */
async function checkResults(results) {
  const expected = JSON.parse(await readFile(join(examples, 'expected-results.json'), 'utf8'));
  for (const { extra_info: info, backup_sync: found } of results) {
    const { backup_id: id, backup_name: name } = info.backup;
    const { level, reason } = expected[id];
    if (found?.level === level && (found.reason?.code ?? null) === reason) continue;
    throw new Error(`${name} has another result than expected: ${JSON.stringify(found)}`);
  }
}
