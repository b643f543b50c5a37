import { readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { type BackupSync, reasonCode, verificationLevel } from '@backup-sync/contracts';
import { type CbrOperationLog, createClient } from '@backup-sync/core';
import { z } from 'zod';
import { localOptions } from '../connect.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { checkedItems, checkItems } from '../items/check-items.ts';
import { type ItemSource, openItemSource } from '../items/item-source.ts';
import { logSettings } from '../log/log-options.ts';
import { openLog } from '../log/open-log.ts';
import { databaseOf } from '../target.ts';
import { note, print, printUnwrapped } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { followSync } from './follow-sync.ts';
import { startGateway, untilStopped } from './start-gateway.ts';
import { tableResults } from './sync-results.ts';

/** The requests for the examples: backups of volumes and servers, and exported machines and disks. */
const requests: readonly string[] = ['sync-request.json', 'image-request.json'];

/** The expected results of the examples, by backup id: one of them is broken on purpose. */
const expectedResults = z.record(
  z.string(),
  z.object({ level: verificationLevel.nullable(), reason: reasonCode.nullable() }),
);

/**
 * Shows a sync with the shipped examples: starts a server, imports them through its public API, prints the results, and
 * keeps serving unless `once` is set. Exits 0 if every result is as expected.
 */
export async function demoCommand(
  context: CommandContext,
  options: {
    readonly examples: string;
    readonly listen?: string | undefined;
    readonly once: boolean;
    /** The beginning of the command that is suggested next. */
    readonly calledAs: string;
  },
): Promise<number> {
  const { terminal, signal } = context;
  const examples = {
    ...context,
    // A clone of the repository may have been moved, with its data directory and the examples.
    connect: { ...context.connect, storage: `file:${join(options.examples, 'buckets')}`, storageMoved: true },
  };
  if (databaseOf(context.connect, context.environment) !== null) {
    throw new UsageError('demo needs a data directory, not a database: give --data-dir');
  }
  const { dataDirectory } = localOptions(examples.connect, context.environment, '');
  await refuseOtherCatalogue(dataDirectory, options.examples);
  // A server that ends with the table needs no port that people know.
  const listen = options.listen ?? (options.once ? '127.0.0.1:0' : undefined);
  // The results say what is wrong with the examples. Only problems of the server itself are of interest.
  using logging = openLog(terminal.messages, { ...logSettings({}, context.environment), level: 'warn' });
  await using gateway = await startGateway(examples, { listen }, logging);
  const { endpoint, projectId, token } = gateway;
  if (token === null) throw new Error('a server on a data directory leaves a token');
  const client = createClient({ endpoint, projectId, credentials: { token } });
  const sources: ItemSource[] = [];
  let count = 0;
  for (const request of requests) {
    const source = await openItemSource(join(options.examples, request), context.input, 'json');
    count += (await checkItems(source)).count;
    sources.push(source);
  }
  const logs: CbrOperationLog[] = [];
  // The server runs in this process, and ends with it.
  await followSync(context, { client, isServer: false }, itemsOf(sources), {
    total: count,
    withAncestors: false,
    openResults(tally, placeOf) {
      const table = tableResults(context, client, tally, placeOf);
      return {
        add(log) {
          logs.push(log);
          return table.add(log);
        },
        finish: () => table.finish(),
      };
    },
  });
  print(terminal, '');

  const expected = expectedResults.parse(
    JSON.parse(await readFile(join(options.examples, 'expected-results.json'), 'utf8')),
  );
  const surprises = logs.filter((log) => {
    const wanted = expected[log.extra_info?.backup?.backup_id ?? ''];
    const found = log.backup_sync;
    return found === null || wanted?.level !== found.level || wanted.reason !== (found.reason?.code ?? null);
  });
  const well = surprises.length === 0 && logs.length === count;
  if (well) {
    const heading = { style: 'green', text: 'All is well:' } as const;
    print(terminal, heading, ' each backup has the expected result, including the broken one.');
  } else {
    const names = surprises.map((log) => log.extra_info?.backup?.backup_name).join(', ');
    note(terminal, { style: 'red', text: 'Not as expected:' }, ` ${names}`);
  }
  if (gateway.generatedPassword !== null) {
    print(terminal, `\nPassword of the user admin (shown only now): ${gateway.generatedPassword}`);
  }
  const directory = shortPath(dataDirectory);
  const next = `${options.calledAs} backups list --data-dir ${directory}`;
  if (options.once) {
    print(terminal, `\nThe catalogue is in ${directory}. Try next:`);
    printUnwrapped(terminal, `  ${next}`);
    return well ? exitCodes.done : exitCodes.failure;
  }
  if (gateway.consoleAddress !== null) {
    const password = gateway.generatedPassword === null ? 'the password of the first start' : 'this password';
    print(terminal, `\nThe console is at ${gateway.consoleAddress}. Sign in as admin with ${password}.`);
  }
  print(terminal, `\nThe API is at ${endpoint}. Try it at ${endpoint}/docs`);
  print(terminal, `Its project is ${projectId}.`);
  print(terminal, `The catalogue is in ${directory}. Try next, in another terminal:`);
  printUnwrapped(terminal, `  ${next}`);
  print(terminal, '\nCtrl-C stops the server; the catalogue stays.');
  await untilStopped(gateway, signal);
  return exitCodes.done;
}

async function* itemsOf(sources: readonly ItemSource[]): AsyncGenerator<BackupSync> {
  for (const source of sources) yield* checkedItems(source);
}

/** Throws {@link UsageError} for a catalogue that someone uses: the examples would become part of it. */
async function refuseOtherCatalogue(dataDirectory: string, examples: string): Promise<void> {
  const { rememberedStorageUnit } = await import('@backup-sync/engine');
  const remembered = rememberedStorageUnit(dataDirectory);
  if (remembered === null || remembered.endsWith(join('/', basename(examples), 'buckets'))) return;
  throw new UsageError(
    `the catalogue in ${dataDirectory} belongs to the storage unit ${remembered}: give the examples another --data-dir`,
  );
}

/** The path as someone in the working directory would type it. */
function shortPath(path: string): string {
  const below = relative('.', path);
  return below === '' || below.startsWith('..') ? path : below;
}
