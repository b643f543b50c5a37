import {
  BackupSyncError,
  type CheckedBucket,
  counted,
  errors,
  type Node,
  type StorageCheck,
  storageRequests,
} from '@backup-sync/contracts';
import type { LeastPolicy } from '@backup-sync/engine';
import { parseDatabaseAddress } from '@backup-sync/engine/database-address';
import { findDriver, storageDrivers, withoutCredentials } from '@backup-sync/engine/storage-drivers';
import { type CatalogueConnection, type Connection, connectToCatalogue } from '../connect.ts';
import { originOf } from '../environment.ts';
import { exitCodes, failureOf, withNumber } from '../failure.ts';
import { httpOptions } from '../http-options.ts';
import { storageEnvironment } from '../network.ts';
import { printFields, printTable } from '../print-table.ts';
import { profilePath } from '../profiles.ts';
import { remedyOnCommandLine } from '../reason-remedies.ts';
import { resolveTarget, shownDatabase, type Target } from '../target.ts';
import { jsonText, print, printJson, printUnwrapped } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** Findings of the command. */
type Findings = {
  /** Settings and states, as pairs of a name and a value. */
  readonly configured: (readonly [what: string, value: string])[];
  /** The server's own check of its storage; null if no server was asked. */
  server: StorageCheck | null;
  /** Whether the caller may not have the server try its storage. */
  isServerUntried: boolean;
  /** The storage unit that this command tries; null if there is none. */
  storage: string | null;
  /** The buckets that this command tried. */
  readonly buckets: CheckedBucket[];
  /** Problems that prevent commands from working. */
  readonly missing: string[];
};

const notTried = 'not tried: this needs the role operator';

/**
 * Shows the configuration and its origin, whether it works, and which requests each bucket allows. Only reads. Exits 0
 * if nothing is missing, 5 if the server is not reachable, else 1.
 */
export async function doctorCommand(context: CommandContext, bucketNames: readonly string[]): Promise<number> {
  const { terminal } = context;
  const findings: Findings = {
    configured: [],
    server: null,
    isServerUntried: false,
    storage: null,
    buckets: [],
    missing: [],
  };
  const { sourceBuckets, recordsAt, exitCode, isAnswered } = await lookAtCatalogue(context, findings, bucketNames);
  if (!isAnswered) {
    await lookAtStorage(context, findings, bucketNames.length > 0 ? bucketNames : sourceBuckets, recordsAt);
  }
  if (terminal.json) {
    const { configured, server, buckets, missing } = findings;
    const policy = leastPolicy(findings).of(bucketNamesOf(findings));
    printJson(terminal, { configured: Object.fromEntries(configured), server, buckets, missing, policy });
  } else show(context, findings);
  if (exitCode !== exitCodes.done) return exitCode;
  return findings.missing.length === 0 ? exitCodes.done : exitCodes.failure;
}

/** Facts from the catalogue about the storage to try. */
type CatalogueFindings = {
  readonly sourceBuckets: string[];
  /** The data directory, if commands open it themselves; null if a server does. */
  readonly recordsAt: string | null;
  readonly exitCode: number;
  /** Whether the server has tried all the storage that this command would use. */
  readonly isAnswered: boolean;
};

/** Makes cheap queries to the catalogue, and asks a server to try its own storage. */
async function lookAtCatalogue(
  { connect: options, environment, signal }: CommandContext,
  findings: Findings,
  bucketNames: readonly string[],
): Promise<CatalogueFindings> {
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
    if (target.kind === 'database') {
      const { nodes } = await connection.client.calls.listNodes({}, { signal });
      configured.push(['nodes', describeNodes(nodes)]);
      await lookAtDatabase(target, findings);
    }
    const sourceBuckets = [...new Set(sources.map(({ bucket_name }) => bucket_name))];
    if (isServer(connection)) await askServer(connection, findings, bucketNames, signal);
    // A data directory that a server has open uses that server's storage. If the server knows no bucket, try from here.
    const isAnswered = target.kind === 'local' && (findings.server?.buckets.length ?? 0) > 0;
    const recordsAt = target.kind === 'local' && !isServer(connection) ? target.dataDirectory : null;
    return { sourceBuckets, recordsAt, exitCode: exitCodes.done, isAnswered };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoCatalogueError') {
      // Normal before the first sync.
      configured.push(['catalogue', 'none yet: the first sync or serve creates one']);
      return { sourceBuckets: [], recordsAt: null, exitCode: exitCodes.done, isAnswered: false };
    }
    signal.throwIfAborted();
    missing.push(describeFailure(error));
    const { exitCode } = errors.unreachable;
    const isUnreachable = error instanceof BackupSyncError && errors[error.code].exitCode === exitCode;
    const failed = isUnreachable ? exitCode : exitCodes.failure;
    return { sourceBuckets: [], recordsAt: null, exitCode: failed, isAnswered: false };
  }
}

/** Looks at the schemas of the catalogue and of the queue in a database. */
async function lookAtDatabase(
  target: Extract<Target, { kind: 'database' }>,
  { configured, missing }: Findings,
): Promise<void> {
  const { inspectDatabase } = await import('@backup-sync/engine/cluster');
  const address = parseDatabaseAddress(target.database.reveal(), target.from.database);
  const { schema, queueProblem } = await inspectDatabase(address);
  configured.push(['schema', String(schema)], ['queue', queueProblem === null ? 'fits this release' : 'does not fit']);
  if (queueProblem !== null) missing.push(queueProblem);
}

function describeNodes(nodes: readonly Node[]): string {
  if (nodes.length === 0) return 'none runs';
  const working = nodes.filter(({ works }) => works).length;
  const serving = nodes.filter(({ serves }) => serves).length;
  return `${nodes.length}; ${serving} for calls, ${working} for work`;
}

function isServer(connection: CatalogueConnection | Connection): connection is Connection {
  return 'token' in connection;
}

/** Asks the server to try its own storage. If the caller's role does not allow that, says so; that is not an error. */
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
    findings.isServerUntried = true;
    configured.push(["server's storage", notTried]);
    return;
  }
  findings.server = server;
  configured.push(["server's storage", server.storage]);
  if (server.catalogue !== null) missing.push(`${server.catalogue.message}. ${server.catalogue.remedy}`);
  if (server.buckets.length === 0)
    configured.push(["server's buckets", 'no source or grant names a bucket: name one to try it']);
  if (server.buckets_left_out > 0) {
    configured.push(['buckets not tried', `${server.buckets_left_out}: name them to try them`]);
  }
  missing.push(...server.buckets.flatMap(refusalsOf));
}

function refusalsOf({ bucket_name, refusals }: CheckedBucket): string[] {
  return refusals.map(({ request, reason }) => {
    const why = withNumber(reason.message, reason.number);
    return `bucket ${bucket_name}: ${request} failed: ${why}. ${remedyOnCommandLine(reason)}`;
  });
}

/** Copies left by upgrades, which can be removed once the new release works. */
async function describeCopies(dataDirectory: string): Promise<(readonly [string, string])[]> {
  const { listCopies } = await import('@backup-sync/engine/catalogue-reader');
  return listCopies(dataDirectory).map((path) => ['copy before upgrade', path]);
}

function describeTarget(target: Target): (readonly [string, string])[] {
  if (target.kind === 'local') {
    return [
      ['data directory', `${target.dataDirectory} (${target.from.dataDirectory})`],
      ['credentials', 'owner of the data directory'],
    ];
  }
  if (target.kind === 'database') {
    return [
      ['database', `${shownDatabase(target)} (${target.from.database})`],
      ['credentials', 'owner of the database'],
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
  recordsAt: string | null,
): Promise<void> {
  const { configured, buckets, missing } = findings;
  const storage = options.storage ?? environment.BACKUP_SYNC_STORAGE;
  if (storage === undefined) {
    configured.push(['storage', 'not set here (--storage or BACKUP_SYNC_STORAGE)']);
    return;
  }
  const origin = options.storage === undefined ? originOf(environment, 'BACKUP_SYNC_STORAGE') : '--storage';
  const { probeBuckets, refuseOtherStorageUnit } = await import('@backup-sync/engine');
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
    if (recordsAt !== null && options.storageMoved !== true) refuseOtherStorageUnit(recordsAt, storage);
  } catch (error) {
    signal.throwIfAborted();
    missing.push(describeFailure(error));
  }
}

/** All buckets, if the driver can list them with the permissions that a sync needs; else none. */
async function bucketsOf(storage: string): Promise<string[]> {
  const found = findDriver(storage);
  return (await found?.driver.listBuckets?.(found.place)) ?? [];
}

function show({ terminal }: CommandContext, findings: Findings): void {
  const { configured, server, buckets, missing } = findings;
  printFields(terminal, configured);
  const tables = [
    ['From the server:', server?.buckets ?? []],
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
  // A directory has no policies.
  if (bucketNames.length > 0 && driverOf(findings)?.leastPolicy !== null) {
    const policy = leastPolicy(findings);
    print(terminal, `\nThe minimum permissions for these buckets, as ${policy.kind}:`);
    printUnwrapped(terminal, jsonText(policy.of(bucketNames), 2));
  }
  print(terminal, '');
  for (const what of missing) print(terminal, { style: 'red', text: 'missing:' }, ` ${what}`);
  if (missing.length > 0) return;
  if (findings.isServerUntried) {
    print(terminal, `Nothing is missing in what was tried. The server's storage was ${notTried}.`);
  } else print(terminal, { style: 'green', text: 'Nothing is missing.' });
}

function bucketNamesOf({ server, buckets }: Findings): string[] {
  return [...(server?.buckets ?? []), ...buckets].map(({ bucket_name }) => bucket_name);
}

/**
 * The minimum policy for the storage that was tried. A directory has none, so it gets the policy for the same buckets
 * in a service.
 */
function leastPolicy(findings: Findings): LeastPolicy {
  const policies = storageDrivers.flatMap((driver) => driver.leastPolicy ?? []);
  const policy = driverOf(findings)?.leastPolicy ?? policies[0];
  if (policy === undefined) throw new Error('no driver has a policy');
  return policy;
}

/** The driver of the storage that was tried. */
function driverOf({ server, storage }: Findings) {
  return findDriver(server?.storage ?? storage ?? '')?.driver;
}

function describeFailure(error: unknown): string {
  const { message, code, remedy } = failureOf(error);
  return remedy === null ? message : `${withNumber(message, code)}. ${remedy}`;
}
