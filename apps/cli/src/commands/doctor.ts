import {
  BackupSyncError,
  type CheckedBucket,
  counted,
  errors,
  type StorageCheck,
  storageRequests,
} from '@backup-sync/contracts';
import type { LeastPolicy } from '@backup-sync/engine';
import { findDriver, storageDrivers, withoutCredentials } from '@backup-sync/engine/storage-drivers';
import { type CatalogueConnection, type Connection, connectToCatalogue } from '../connect.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { httpOptions } from '../http-options.ts';
import { storageEnvironment } from '../network.ts';
import { printFields, printTable } from '../print-table.ts';
import { profilePath } from '../profiles.ts';
import { resolveTarget, type Target } from '../target.ts';
import { jsonText, print, printJson, printUnwrapped } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** What was found: `configured` is told as it is, `missing` is what keeps the rest from working. */
type Findings = {
  readonly configured: (readonly [what: string, value: string])[];
  /** What the server has found; null if none was asked. */
  server: StorageCheck | null;
  /** The storage unit that is tried from here; null if there is none. */
  storage: string | null;
  /** What was found from here. */
  readonly buckets: CheckedBucket[];
  readonly missing: string[];
};

/**
 * Says what is configured and from where, whether it works, and what each bucket lets us do, all by reading. Exits 0 if
 * nothing is missing, 5 if the server is not reachable, else 1.
 */
export async function doctorCommand(context: CommandContext, bucketNames: readonly string[]): Promise<number> {
  const { terminal } = context;
  const findings: Findings = { configured: [], server: null, storage: null, buckets: [], missing: [] };
  const { sourceBuckets, exitCode, isAnswered } = await lookAtCatalogue(context, findings, bucketNames);
  if (!isAnswered) await lookAtStorage(context, findings, bucketNames.length > 0 ? bucketNames : sourceBuckets);
  if (terminal.json) {
    const { configured, server, buckets, missing } = findings;
    const policy = leastPolicy(findings).of(bucketNamesOf(findings));
    printJson(terminal, { configured: Object.fromEntries(configured), server, buckets, missing, policy });
  } else show(context, findings);
  if (exitCode !== exitCodes.done) return exitCode;
  return findings.missing.length === 0 ? exitCodes.done : exitCodes.failure;
}

/**
 * Asks the catalogue the cheapest question there is, and a server what its own storage lets it do. The buckets of the
 * sources are the answer, and whether the server has told of all the storage that this command would use.
 */
async function lookAtCatalogue(
  { connect: options, environment, signal }: CommandContext,
  findings: Findings,
  bucketNames: readonly string[],
): Promise<{ readonly sourceBuckets: string[]; readonly exitCode: number; readonly isAnswered: boolean }> {
  const { configured, missing } = findings;
  configured.push(['profiles', profilePath(environment)]);
  try {
    const target = await resolveTarget(options, environment);
    configured.push(...describeTarget(target));
    await using connection = await connectToCatalogue(options, environment);
    const { sources } = await connection.client.calls.listSources({}, { signal });
    const { count } = await connection.client.calls.listBackups({ limit: 1 }, { signal });
    configured.push([
      'catalogue',
      `answers; ${count === undefined || count === null ? 'some backups' : counted(count, 'backup')}, ${counted(sources.length, 'source')}`,
    ]);
    if (target.kind === 'local') configured.push(...(await describeCopies(target.dataDirectory)));
    const sourceBuckets = [...new Set(sources.map(({ bucket_name }) => bucket_name))];
    if (isServer(connection)) await askServer(connection, findings, bucketNames, signal);
    // A data directory that a server holds has that server's storage. If the server knows no bucket, this command looks.
    const isAnswered = target.kind === 'local' && (findings.server?.buckets.length ?? 0) > 0;
    return { sourceBuckets, exitCode: exitCodes.done, isAnswered };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoCatalogueError') {
      // Before the first sync, that is as it should be.
      configured.push(['catalogue', 'none yet: the first sync or serve makes one']);
      return { sourceBuckets: [], exitCode: exitCodes.done, isAnswered: false };
    }
    signal.throwIfAborted();
    missing.push(messageOf(error));
    const { exitCode } = errors.unreachable;
    const isUnreachable = error instanceof BackupSyncError && errors[error.code].exitCode === exitCode;
    return { sourceBuckets: [], exitCode: isUnreachable ? exitCode : exitCodes.failure, isAnswered: false };
  }
}

function isServer(connection: CatalogueConnection | Connection): connection is Connection {
  return 'token' in connection;
}

/** Has the server try its own storage. A caller who may not ask for that is told so, and nothing is missing. */
async function askServer(
  { client }: Connection,
  findings: Findings,
  bucketNames: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { configured, missing } = findings;
  const asked = bucketNames.length === 0 ? {} : { bucket_names: [...bucketNames] };
  let server: StorageCheck;
  try {
    server = await client.calls.checkStorage(asked, { signal });
  } catch (error) {
    if (!(error instanceof BackupSyncError) || error.code !== 'role_not_allowed') throw error;
    configured.push(["server's storage", 'not tried: that needs the role operator']);
    return;
  }
  findings.server = server;
  configured.push(["server's storage", server.storage]);
  if (server.catalogue !== null) missing.push(`${server.catalogue.message}. ${server.catalogue.remedy}`);
  if (server.buckets.length === 0)
    configured.push(["server's buckets", 'no source or grant names one: name it to try it']);
  if (server.buckets_left_out > 0) {
    configured.push(['buckets not tried', `${server.buckets_left_out}: name them to try them`]);
  }
  missing.push(...server.buckets.flatMap(refusalsOf));
}

function refusalsOf({ bucket_name, refusals }: CheckedBucket): string[] {
  return refusals.map(
    ({ request, reason }) => `bucket ${bucket_name}: ${request} does not work: ${reason.message}. ${reason.remedy}`,
  );
}

/** What upgrades have left: it may be removed once the new release has proved itself. */
async function describeCopies(dataDirectory: string): Promise<(readonly [string, string])[]> {
  const { listCopies } = await import('@backup-sync/engine/catalogue-reader');
  return listCopies(dataDirectory).map((path) => ['copy before upgrade', path]);
}

function describeTarget(target: Target): (readonly [string, string])[] {
  if (target.kind === 'local') {
    return [
      ['data directory', `${target.dataDirectory} (${target.from.dataDirectory})`],
      ['credentials', 'operator of the data directory'],
    ];
  }
  const { credentials } = target;
  const shown = credentials.kind === 'token' ? 'token' : `access key ${credentials.accessKey}`;
  return [
    ['server', `${target.endpoint} (${target.from.endpoint})`],
    ['project', `${target.projectId} (${target.from.projectId})`],
    ['credentials', `${shown} (${target.from.credentials})`],
  ];
}

async function lookAtStorage(
  { connect: options, environment, signal }: CommandContext,
  findings: Findings,
  bucketNames: readonly string[],
): Promise<void> {
  const { configured, buckets, missing } = findings;
  const storage = options.storage ?? environment.BACKUP_SYNC_STORAGE;
  if (storage === undefined) {
    configured.push(['storage', 'not set here (--storage or BACKUP_SYNC_STORAGE)']);
    return;
  }
  const origin = options.storage === undefined ? 'BACKUP_SYNC_STORAGE' : '--storage';
  const { probeBuckets } = await import('@backup-sync/engine');
  findings.storage = storage;
  configured.push(['storage', `${withoutCredentials(storage)} (${origin})`]);
  try {
    const { timeoutMs } = await httpOptions(options, environment);
    const names = bucketNames.length > 0 ? bucketNames : await bucketsOf(storage);
    if (names.length === 0) missing.push('no bucket to try: name one, as in "backup-sync doctor volumebackups"');
    const places = names.map((bucketName) => ({ bucketName, prefix: '' }));
    const reach = storageEnvironment(options, environment);
    const probed = await probeBuckets({ storage, environment: reach, places, timeoutMs, signal });
    buckets.push(...probed);
    missing.push(...probed.flatMap(refusalsOf));
  } catch (error) {
    signal.throwIfAborted();
    missing.push(messageOf(error));
  }
}

/** All buckets, if the driver can list them with the rights of the work; else none. */
async function bucketsOf(storage: string): Promise<string[]> {
  const found = findDriver(storage);
  try {
    return (await found?.driver.listBuckets?.(found.place)) ?? [];
  } catch (error) {
    throw new UsageError(`the storage directory cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function show({ terminal }: CommandContext, findings: Findings): void {
  const { configured, server, buckets, missing } = findings;
  printFields(terminal, configured);
  const tables = [
    ['As the server reaches them:', server?.buckets ?? []],
    ['From here:', buckets],
  ] as const;
  for (const [heading, checked] of tables) {
    if (checked.length === 0) continue;
    print(terminal, server === null ? '' : `\n${heading}`);
    const columns = ['BUCKET', ...storageRequests.map((request) => request.toUpperCase())].map((name) => ({
      heading: name,
    }));
    const rows = checked.map((each) => [
      each.bucket_name,
      ...storageRequests.map((request) => (each[request] === 'not_tried' ? 'not tried' : each[request])),
    ]);
    printTable(terminal, columns, rows);
    for (const { notes } of checked) for (const note of notes) print(terminal, note);
  }
  const bucketNames = bucketNamesOf(findings);
  if (bucketNames.length > 0) {
    const policy = leastPolicy(findings);
    print(terminal, `\nThe least that a key for these buckets must be allowed, as ${policy.kind}:`);
    printUnwrapped(terminal, jsonText(policy.of(bucketNames), 2));
  }
  print(terminal, '');
  for (const what of missing) print(terminal, { style: 'red', text: 'missing:' }, ` ${what}`);
  if (missing.length === 0) print(terminal, { style: 'green', text: 'Nothing is missing.' });
}

function bucketNamesOf({ server, buckets }: Findings): string[] {
  return [...(server?.buckets ?? []), ...buckets].map(({ bucket_name }) => bucket_name);
}

/** Of the storage that was tried. A directory has none: then what the same buckets need at a service. */
function leastPolicy({ server, storage }: Findings): LeastPolicy {
  const policies = storageDrivers.flatMap((driver) => driver.leastPolicy ?? []);
  const policy = findDriver(server?.storage ?? storage ?? '')?.driver.leastPolicy ?? policies[0];
  if (policy === undefined) throw new Error('no driver has a policy');
  return policy;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
