import { setTimeout as pause } from 'node:timers/promises';
import { sourceAnswer } from '../../packages/contracts/src/index.ts';
import { writeBackups } from './backups.ts';
import { awaitEnds, checkAccepted, checkCatalogue, checkEvents, checkHealth } from './checks.ts';
import { deleteRecord, sendInvalidList, startOtherWork, syncBatch, syncByHand, syncThroughLibrary } from './clients.ts';
import type { Fault } from './faults/fault.ts';
import { Ledger } from './ledger.ts';
import { Report } from './report.ts';
import { drawsOf, type Scene } from './scene.ts';
import { watchVerdicts } from './verdicts.ts';
import type { World } from './world.ts';

export type RoundOptions<Here extends World> = {
  readonly seed: string;
  readonly fault: Fault<Here>;
  readonly outageMs: number;
};

export type RoundOutcome = {
  /** Details of the fault. */
  readonly detail: string;
  readonly accepted: number;
  readonly records: number;
  readonly events: number;
  /** Operations that were interrupted and started again. */
  readonly resumed: number;
  readonly looks: number;
  readonly report: Report;
};

/** Each round also starts every source manually. */
const sourceIntervalS = 3600;
/** Delays of an answer of storage. */
const latenciesMs = [0, 20, 50];

/**
 * Runs one round. New backups are stored, several clients sync them, and the fault happens meanwhile and is healed.
 * When all operations have ended, every promise is checked.
 */
export async function runRound<Here extends World>(
  world: Here,
  { seed, fault, outageMs }: RoundOptions<Here>,
): Promise<RoundOutcome> {
  const report = new Report();
  const ledger = new Ledger();
  world.calls.reportTo(report);
  const healed = new AbortController();
  const eventsBefore = world.events.lastId;
  const backups = writeBackups(seed, world.buckets);
  for (const backup of backups) world.backups.set(backup.item.backup_id, backup);
  await world.gate.store(world.buckets);
  const [first, second, third, ...others] = backups;
  if (first === undefined || second === undefined || third === undefined) throw new Error('a round has backups');
  // The chain that is verified, and the record that is deleted: the last link of a chain, which no other needs.
  const [verified, deleted] = [second, third];
  const scene: Scene<Here> = {
    world,
    seed,
    outageMs,
    ledger,
    report,
    backups: [first, second, ...others],
    healed: healed.signal,
  };
  world.gate.latencyMs = drawsOf(scene, 'latency').oneOf(latenciesMs);
  await addSources(scene);
  await syncBatch(scene, [first, second, third]);
  await awaitEnds(scene);

  const over = new AbortController();
  const watching = watchVerdicts(world, report, over.signal);
  const half = Math.ceil(others.length / 2);
  const clients = Promise.all([
    syncThroughLibrary(scene, others.slice(0, half)),
    syncByHand(scene, others.slice(half)),
    startOtherWork(scene, verified),
    deleteRecord(scene, deleted),
    sendInvalidList(scene),
  ]);
  await pause(drawsOf(scene, 'delay').integer(0, 1000));
  let detail: string;
  try {
    detail = await fault.run(scene);
    healed.abort();
    await clients;
    await awaitEnds(scene);
  } catch (error) {
    healed.abort();
    world.calls.isStopped = true;
    over.abort();
    await Promise.allSettled([clients, watching]);
    throw error;
  }
  over.abort();
  const looks = await watching;
  await checkAccepted(scene);
  const { newest, resumed } = await checkEvents(scene, eventsBefore);
  const records = await checkCatalogue(scene);
  await checkHealth(scene);
  await world.checkOwn(report);
  world.expected.tokensEnd = false;
  return {
    detail,
    accepted: ledger.imports.size + ledger.others.size,
    records,
    events: newest - eventsBefore,
    resumed,
    looks,
    report,
  };
}

/** Adds the sources of a new data directory. */
async function addSources({ world }: Scene): Promise<void> {
  for (const bucket of ['watched', 'damaged']) {
    if (world.sources.has(bucket)) continue;
    const body = { name: bucket, bucket_name: bucket, interval_s: sourceIntervalS };
    const answer = await world.calls.untilTaken('POST', 'v1', '/sources', body);
    world.sources.set(bucket, sourceAnswer.parse(answer?.body).source.id);
  }
}
