import { readdir } from 'node:fs/promises';
import { BackupSyncError, counted, errors } from '@backup-sync/contracts';
import type { BucketPermissions } from '@backup-sync/engine';
import { connectToCatalogue } from '../connect.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { httpOptions } from '../http-options.ts';
import { printFields, printTable } from '../print-table.ts';
import { profilePath } from '../profiles.ts';
import { resolveTarget, type Target } from '../target.ts';
import { jsonText, print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** What was found: `configured` is told as it is, `missing` is what keeps the rest from working. */
type Findings = {
  readonly configured: (readonly [what: string, value: string])[];
  readonly buckets: BucketPermissions[];
  readonly missing: string[];
};

/**
 * Says what is configured and from where, whether it works, and what each bucket lets us do, all by reading. Exits 0 if
 * nothing is missing, 5 if the server is not reachable, else 1.
 */
export async function doctorCommand(context: CommandContext, bucketNames: readonly string[]): Promise<number> {
  const { terminal } = context;
  const findings: Findings = { configured: [], buckets: [], missing: [] };
  const { sourceBuckets, exitCode } = await lookAtCatalogue(context, findings);
  await lookAtStorage(context, findings, bucketNames.length > 0 ? bucketNames : sourceBuckets);
  if (terminal.json) {
    const { configured, buckets, missing } = findings;
    printJson(terminal, { configured: Object.fromEntries(configured), buckets, missing, policy: policyFor(buckets) });
  } else show(context, findings);
  if (exitCode !== exitCodes.done) return exitCode;
  return findings.missing.length === 0 ? exitCodes.done : exitCodes.failure;
}

/** Asks the catalogue the cheapest question there is. The buckets of its sources are the answer. */
async function lookAtCatalogue(
  { connect: options, environment, signal }: CommandContext,
  { configured, missing }: Findings,
): Promise<{ readonly sourceBuckets: string[]; readonly exitCode: number }> {
  configured.push(['profiles', profilePath(environment)]);
  try {
    const target = await resolveTarget(options, environment);
    configured.push(...describeTarget(target));
    await using connection = await connectToCatalogue(options, environment);
    const { sources } = await connection.client.operations.listSources({}, { signal });
    const { count } = await connection.client.operations.listBackups({ limit: 1 }, { signal });
    configured.push([
      'catalogue',
      `answers; ${count === undefined || count === null ? 'some backups' : counted(count, 'backup')}, ${counted(sources.length, 'source')}`,
    ]);
    if (target.kind === 'local') configured.push(...(await describeCopies(target.dataDirectory)));
    const sourceBuckets = [...new Set(sources.map(({ bucket_name }) => bucket_name))];
    return { sourceBuckets, exitCode: exitCodes.done };
  } catch (error) {
    missing.push(messageOf(error));
    const { exitCode } = errors.unreachable;
    const isUnreachable = error instanceof BackupSyncError && errors[error.code].exitCode === exitCode;
    return { sourceBuckets: [], exitCode: isUnreachable ? exitCode : exitCodes.failure };
  }
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
      ['way in', 'operator of the data directory'],
    ];
  }
  const { credentials } = target;
  const wayIn = credentials.kind === 'token' ? 'token' : `access key ${credentials.accessKey}`;
  return [
    ['server', `${target.endpoint} (${target.from.endpoint})`],
    ['project', `${target.projectId} (${target.from.projectId})`],
    ['way in', `${wayIn} (${target.from.credentials})`],
  ];
}

async function lookAtStorage(
  { connect: options, environment, signal }: CommandContext,
  { configured, buckets, missing }: Findings,
  bucketNames: readonly string[],
): Promise<void> {
  const storage = options.storage ?? environment.BACKUP_SYNC_STORAGE;
  if (storage === undefined) {
    configured.push(['storage', 'not set here (--storage or BACKUP_SYNC_STORAGE): a server has its own']);
    return;
  }
  const origin = options.storage === undefined ? 'BACKUP_SYNC_STORAGE' : '--storage';
  const { probeBuckets, withoutCredentials } = await import('@backup-sync/engine');
  configured.push(['storage', `${withoutCredentials(storage)} (${origin})`]);
  try {
    const { timeoutMs } = await httpOptions(options, environment);
    const names = bucketNames.length > 0 ? bucketNames : await directoriesOf(storage);
    if (names.length === 0) missing.push('no bucket to try: name one, as in "backup-sync doctor volumebackups"');
    for await (const probed of probeBuckets({
      storage,
      region: environment.AWS_REGION,
      buckets: names,
      timeoutMs,
      signal,
    })) {
      buckets.push(probed);
      for (const request of ['list', 'head', 'get'] as const) {
        const permission = probed[request];
        if (permission !== 'allowed' && permission !== null) {
          missing.push(`bucket ${probed.bucketName}: ${request} does not work (${permission})`);
        }
      }
    }
  } catch (error) {
    missing.push(messageOf(error));
  }
}

/** The buckets of a directory. A service is not asked for all of its buckets: that needs more rights than the work. */
async function directoriesOf(storage: string): Promise<string[]> {
  if (!storage.startsWith('file:')) return [];
  try {
    const entries = await readdir(storage.slice('file:'.length), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    throw new UsageError(`the storage directory cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function show({ terminal }: CommandContext, { configured, buckets, missing }: Findings): void {
  printFields(terminal, configured);
  if (buckets.length > 0) {
    print(terminal, '');
    const columns = ['BUCKET', 'LIST', 'HEAD', 'GET'].map((heading) => ({ heading }));
    const word = (permission: BucketPermissions['list']) => permission ?? 'not tried: it is empty';
    printTable(
      terminal,
      columns,
      buckets.map(({ bucketName, list, head, get }) => [bucketName, word(list), word(head), word(get)]),
    );
    print(terminal, `\nThe least that a key for these buckets must be allowed, as a policy of S3:`);
    print(terminal, jsonText(policyFor(buckets), 2));
  }
  print(terminal, '');
  for (const what of missing) print(terminal, { style: 'red', text: 'missing:' }, ` ${what}`);
  if (missing.length === 0) print(terminal, { style: 'green', text: 'Nothing is missing.' });
}

/** List and read; nothing here ever asks for more. HEAD is a part of GetObject. */
function policyFor(buckets: readonly BucketPermissions[]): object {
  const resources = (suffix: string) => buckets.map(({ bucketName }) => `arn:aws:s3:::${bucketName}${suffix}`);
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: resources('') },
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: resources('/*') },
    ],
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
