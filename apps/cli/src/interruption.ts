import { grouped, hasEnded } from '@backup-sync/contracts';
import type { Client } from '@backup-sync/core';
import { InterruptedError } from './failure.ts';
import type { SyncTally } from './sync-tally.ts';

/** The worker that continues: a server or, without one, the next command on the data directory. */
export type Worker = { readonly client: Client; readonly isServer: boolean };

/** Time limit of a cancellation: people who press Ctrl-C do not wait longer. */
const cancelMaxMs = 5_000;
const nextWorker = 'the next "backup-sync sync" or "backup-sync serve" on this data directory';
const lookAgain = 'To check on it, run "backup-sync operations list" or "backup-sync operations watch".';

/** Returns the error for Ctrl-C during a sync. It says how many backups were accepted, who continues them, and how to check on them. */
export function syncInterrupted(
  tally: SyncTally,
  total: number | null,
  { isServer }: Pick<Worker, 'isServer'>,
): InterruptedError {
  const unsure = tally.accepted === total ? [] : ['Requests that were in flight may have been accepted too.'];
  return new InterruptedError(
    [acceptedSoFar(tally), ...rest(tally, isServer), ...unsure].join(' '),
    `${lookAgain} To continue, run the same command again: unchanged backups cost only their share of the LIST ` +
      'requests.',
  );
}

/**
 * Ctrl-C during a scan, verification or plan. A server continues: others may follow the same operation. Without a
 * server, this process did the work, and cancels the operations that it started. A plan is always cancelled: nobody
 * else can follow it.
 */
export async function workInterrupted(
  worker: Worker,
  {
    noun,
    started,
    joined,
    tally = null,
  }: {
    readonly noun: 'scan' | 'verification' | 'plan';
    /** Unfinished operations that this command started, and that it joined. */
    readonly started: readonly string[];
    readonly joined: readonly string[];
    /** Counts of the backups that the operation imports. */
    readonly tally?: SyncTally | null;
  },
): Promise<InterruptedError> {
  const { isServer } = worker;
  const cancels = !isServer || noun === 'plan';
  const cancelled: string[] = [];
  for (const id of cancels ? started : []) if (await cancel(worker, id)) cancelled.push(id);
  const left = [...started, ...joined].filter((id) => !cancelled.includes(id));
  const sentences = [];
  if (tally !== null && tally.accepted > 0) sentences.push(acceptedSoFar(tally));
  if (left.length > 0) {
    const hasImports = tally !== null && tally.accepted > tally.ended;
    const work = `${named(noun, left)}${hasImports ? ' and its imports' : ''}`;
    const verb = hasImports || left.length > 1 ? 'continue' : 'continues';
    sentences.push(isServer ? `The server continues ${work}.` : `${capital(work)} ${verb} with ${nextWorker}.`);
  }
  if (cancelled.length > 0) {
    const why = isServer ? '' : ', which this process worked on,';
    sentences.push(`${capital(named(noun, cancelled))}${why} ${cancelled.length === 1 ? 'was' : 'were'} cancelled.`);
  }
  if (tally !== null && left.length === 0) sentences.push(...rest(tally, isServer));
  const message = sentences.length === 0 ? 'Nothing was accepted.' : sentences.join(' ');
  // There is no plan to look at.
  const remedy = noun === 'plan' && left.length === 0 ? 'Run the command again for a new plan.' : howToLook(left);
  return new InterruptedError(message, remedy);
}

function howToLook(left: readonly string[]): string {
  const [id, ...others] = left;
  if (id === undefined) return lookAgain;
  if (others.length > 0) return `${lookAgain} To stop one, run "backup-sync operations cancel <id>".`;
  return `Follow it with "backup-sync operations watch ${id}". To stop it, run "backup-sync operations cancel ${id}".`;
}

/** Cancels an operation. False if the server does not answer in time: the operation then continues. */
async function cancel({ client, isServer }: Worker, id: string): Promise<boolean> {
  const signal = AbortSignal.timeout(cancelMaxMs);
  try {
    await client.calls.cancelOperation({ operation_id: id }, { signal });
    // This process does the work, so the operation has to end before the process does.
    if (!isServer) for await (const { status } of client.followOperation(id, { signal })) if (hasEnded(status)) break;
    return true;
  } catch {
    return false;
  }
}

function acceptedSoFar({ accepted, ended }: SyncTally): string {
  if (accepted === 0) return 'No backup was accepted yet.';
  return `${grouped(accepted)} ${accepted === 1 ? 'backup' : 'backups'} accepted, ${grouped(ended)} ended.`;
}

/** Says who continues the backups that have not ended. */
function rest({ accepted, ended }: SyncTally, isServer: boolean): string[] {
  const left = accepted - ended;
  if (left === 0) return [];
  const which = ended === 0 ? (left === 1 ? 'it' : 'them') : `the other ${grouped(left)}`;
  if (isServer) return [`The server continues ${which}.`];
  return [`${capital(nextWorker)} continues ${which}.`];
}

/** `verification 0190…` or `2 verifications`. */
function named(noun: string, ids: readonly string[]): string {
  return ids.length === 1 ? `${noun} ${ids[0]}` : `${ids.length} ${noun}s`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
