import type { DataLevel, Operation } from '@backup-sync/contracts';
import { BackupSyncError, counted, grouped } from '@backup-sync/contracts';
import type { Client } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes, withNumber } from '../failure.ts';
import { type Worker, workInterrupted } from '../interruption.ts';
import { formatBytes } from '../printable.ts';
import { type LiveLine, liveLine } from '../progress.ts';
import { jsonText, note, print, putOut, type Terminal } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { agrees } from './confirm.ts';
import { findResource } from './find-backup.ts';
import { type NewestLink, type ResourceScope, resourceChains } from './newest-links.ts';
import { sourceNamed } from './sources.ts';
import { followVerification, progressOf, type Refusal, refusalOf } from './verify.ts';

export type VerifyManyOptions = {
  readonly level: DataLevel;
  /** The share of the chains to verify, chosen at random, from 0 to 1; 1 is all of them. */
  readonly share: number;
  readonly resource?: string | undefined;
  readonly source?: string | undefined;
  /** Continues without asking. */
  readonly yes: boolean;
};

/**
 * Verifications requested at the same time: enough to keep a server busy, but few that still wait if this command ends.
 */
const atOnce = 4;

/**
 * Verifies the newest available backup of each chain, or of some chains, and with it all links of the chain. Exits 3 if
 * one fails its verification or cannot be verified. Memory does not grow with the catalogue.
 */
export async function verifyManyCommand(context: CommandContext, options: VerifyManyOptions): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { client } = connection;
  const scope = await scopeOf(client, options, signal);
  const survey = await surveyChains(client, scope, signal);
  if (survey.chains === 0) {
    throw new BackupSyncError(
      'backup_not_found',
      `there is nothing to verify: no backup is available${leftOut(survey)}`,
    );
  }
  const wanted = Math.max(1, Math.round(survey.chains * options.share));
  note(terminal, describePlan(survey, wanted, options));
  const reads = formatBytes((survey.storedBytes * wanted) / survey.chains);
  if (!(await agrees(context, options.yes, `Read about ${reads}?`))) return exitCodes.failure;

  const results = new Results(terminal, wanted);
  try {
    const chosen = chooseSome(newestLinks(client, scope, signal), survey.chains, wanted);
    await verifyEach(context, connection, options.level, chosen, results);
  } finally {
    await results.finish();
  }
  return results.failed === 0 ? exitCodes.done : exitCodes.someItemsFailed;
}

async function scopeOf(
  { calls }: Client,
  { resource, source }: VerifyManyOptions,
  signal: AbortSignal,
): Promise<ResourceScope> {
  return {
    ...(resource !== undefined && { resource_id: (await findResource(calls, resource, { signal })).id }),
    ...(source !== undefined && { source_id: (await sourceNamed(calls, source, signal)).id }),
  };
}

type Survey = {
  chains: number;
  links: number;
  storedBytes: number;
  unreadFormat: number;
  inError: number;
};

async function surveyChains(client: Client, scope: ResourceScope, signal: AbortSignal): Promise<Survey> {
  const survey: Survey = { chains: 0, links: 0, storedBytes: 0, unreadFormat: 0, inError: 0 };
  for await (const { newest, unreadFormat, inError } of resourceChains(client, scope, { signal })) {
    for (const { links, storedBytes } of newest) {
      survey.chains += 1;
      survey.links += links;
      survey.storedBytes += storedBytes;
    }
    survey.unreadFormat += unreadFormat;
    survey.inError += inError;
  }
  return survey;
}

function describePlan(survey: Survey, wanted: number, { level, share }: VerifyManyOptions): string {
  const chains = counted(survey.chains, 'chain');
  const which =
    share === 1
      ? `${chains} with ${counted(survey.links, 'link')}`
      : `${grouped(wanted)} of ${chains}, chosen at random`;
  const twice = level === 'replay' ? ' A replay reads data again if it is still part of the volume.' : '';
  return `Verifying ${which}, to ${level}${leftOut(survey)}.${twice}`;
}

function leftOut({ inError, unreadFormat }: Survey): string {
  const those = [
    ...(inError > 0 ? [`${counted(inError, 'backup')} in error`] : []),
    ...(unreadFormat > 0 ? [`${grouped(unreadFormat)} of a format that is not read`] : []),
  ];
  return those.length === 0 ? '' : `; left out: ${those.join(', ')}`;
}

async function* newestLinks(client: Client, scope: ResourceScope, signal: AbortSignal): AsyncGenerator<NewestLink> {
  for await (const { newest } of resourceChains(client, scope, { signal })) yield* newest;
}

/** Chooses `wanted` of `total` items at random, each with the same probability, and keeps their order. */
async function* chooseSome<Item>(items: AsyncIterable<Item>, total: number, wanted: number): AsyncGenerator<Item> {
  let left = total;
  let needed = wanted;
  for await (const item of items) {
    if (needed === 0) return;
    if (Math.random() * left < needed) {
      needed -= 1;
      yield item;
    }
    left -= 1;
  }
}

/** Verifies the links, {@link atOnce} at once. Ctrl-C: see {@link workInterrupted}. */
async function verifyEach(
  { signal }: CommandContext,
  worker: Worker,
  level: DataLevel,
  chosen: AsyncGenerator<NewestLink>,
  results: Results,
): Promise<void> {
  const { client } = worker;
  const { calls } = client;
  const failing = new AbortController();
  const options = { signal: AbortSignal.any([signal, failing.signal]) };
  /** Operations that have not ended, and whether this command joined them. */
  const unfinished = new Map<string, boolean>();
  const work = async () => {
    // Each worker takes the next link.
    for (let next = await chosen.next(); !next.done; next = await chosen.next()) {
      const link = next.value;
      try {
        const { operation_id: id, joined } = await calls.verifyBackup({ backup_id: link.backupId, level }, options);
        unfinished.set(id, joined);
        const follow = followVerification(client, id, options, (operation) => results.goesOn(link, operation));
        await results.ended(link, await follow);
        unfinished.delete(id);
      } catch (error) {
        results.refused(link, refusalOf(link.backupId, error));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } catch (error) {
    failing.abort();
    if (!signal.aborted) throw error;
    const idsOf = (isJoined: boolean) => [...unfinished].flatMap(([id, joined]) => (joined === isJoined ? [id] : []));
    throw await workInterrupted(worker, { noun: 'verification', started: idsOf(false), joined: idsOf(true) });
  }
}

/** Prints results as they arrive, and counts them. */
class Results {
  readonly #terminal: Terminal;
  readonly #wanted: number;
  readonly #live: LiveLine;
  readonly #refused: Refusal[] = [];
  #verified = 0;
  #bytesRead = 0;
  #before = '{"operations":[\n';
  failed = 0;

  constructor(terminal: Terminal, wanted: number) {
    this.#terminal = terminal;
    this.#wanted = wanted;
    this.#live = liveLine(terminal);
  }

  goesOn({ backupName }: NewestLink, operation: Operation): void {
    this.#live.show(`${this.#counts()}; ${backupName}: ${progressOf(operation)}`);
  }

  async ended(link: NewestLink, operation: Operation): Promise<void> {
    const { status, reason, requests } = operation;
    this.#verified += 1;
    this.#bytesRead += requests?.bytes_read ?? 0;
    if (status !== 'success') this.failed += 1;
    if (this.#terminal.json) {
      const before = this.#before;
      this.#before = ',\n';
      await putOut(this.#terminal, before + jsonText(operation));
      return;
    }
    this.#print(`${status.padEnd(7)}  ${nameOf(link)}`);
    if (reason !== null) this.#print(`  ${reason.message}\n  What to do: ${reason.remedy}`);
  }

  refused(link: NewestLink, refusal: Refusal): void {
    this.failed += 1;
    if (this.#terminal.json) this.#refused.push(refusal);
    else
      this.#print(
        `refused  ${nameOf(link)}\n  ${withNumber(refusal.message, refusal.code)}${refusal.remedy === null ? '' : `\n  What to do: ${refusal.remedy}`}`,
      );
  }

  async finish(): Promise<void> {
    this.#live.stop();
    const end = this.#before === ',\n' ? '\n]' : `${this.#before}]`;
    if (this.#terminal.json) await putOut(this.#terminal, `${end},"refused":${jsonText(this.#refused)}}\n`);
    else print(this.#terminal, `${this.#counts()}, ${formatBytes(this.#bytesRead)} read`);
  }

  #counts(): string {
    return `${grouped(this.#verified)} of ${counted(this.#wanted, 'chain')} verified, ${grouped(this.failed)} failed`;
  }

  #print(line: string): void {
    // The changing line may be on the same terminal.
    this.#live.stop();
    print(this.#terminal, line);
  }
}

function nameOf({ backupId, backupName, resourceName }: NewestLink): string {
  return `${backupId}  ${backupName} of ${resourceName}`;
}
