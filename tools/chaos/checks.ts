import { setTimeout as pause } from 'node:timers/promises';
import {
  hasEnded,
  listOperationsAnswer,
  type Operation,
  showOperationAnswer,
  showSourceAnswer,
} from '../../packages/contracts/src/index.ts';
import { newestEventId, replayEvents, type SeenEvent, StreamRefusedError } from './event-follower.ts';
import { shown } from './report.ts';
import type { Scene } from './scene.ts';
import { listRecords, wrongEnd, wrongRecord } from './verdicts.ts';

const lookEveryMs = 100;
/** Work that was postponed during a fault is retried within a minute. */
const settledWithinMs = 75_000;
const eventsWithinMs = 10_000;

/** Waits until every operation has ended. */
export async function awaitEnds({ world, outageMs, report }: Scene): Promise<void> {
  const deadlineMs = performance.now() + settledWithinMs + outageMs;
  let unfinished = 'no operation was listed';
  while (performance.now() < deadlineMs) {
    const answer = await world.calls.call('GET', 'v1', '/operations?status=waiting,running&limit=5');
    if (answer?.status === 200) {
      const { operations, count } = listOperationsAnswer.parse(answer.body);
      if (count === 0) return;
      unfinished = `${count}, among them ${operations.map(({ id, kind, status, message }) => `${kind} ${id} ${status} ${message}`).join(', ')}`;
    }
    await pause(lookEveryMs);
  }
  report.broken('every accepted item ends', unfinished);
}

/** Checks that every accepted operation exists, and ended correctly. */
export async function checkAccepted({ world, ledger, report }: Scene): Promise<void> {
  for (const id of [...ledger.imports.keys(), ...ledger.others.keys()]) {
    const answer = await world.calls.call('GET', 'v1', `/operations/${id}`);
    const operation = showOperationAnswer.safeParse(answer?.body).data?.operation;
    if (operation === undefined) {
      const of = ledger.imports.get(id) ?? ledger.others.get(id);
      report.broken('a 200 is durable', `${id} of ${of}: ${answer?.status} ${shown(answer?.body)}`);
      continue;
    }
    const expectedBackup = ledger.imports.get(id);
    if (expectedBackup !== undefined && operation.backup_id !== expectedBackup) {
      report.broken('a 200 names the operation of its backup', `${id} is of ${operation.backup_id}`);
    }
    const wrong = wrongEnd(world, operation);
    if (wrong !== null) report.broken('every operation ends correctly', wrong);
  }
}

export type CheckedEvents = {
  /** Id of the newest event. */
  readonly newest: number;
  /** Operations that were started, interrupted and started again. */
  readonly resumed: number;
};

/** Checks that the stream had every transition once and in order, and that all operations in it ended correctly. */
export async function checkEvents(scene: Scene, after: number): Promise<CheckedEvents> {
  try {
    return await compareEvents(scene, after);
  } catch (error) {
    if (!(error instanceof StreamRefusedError)) throw error;
    scene.report.broken('a stream can be followed', error.message);
    return { newest: after, resumed: 0 };
  }
}

async function compareEvents({ world, report, ledger }: Scene, after: number): Promise<CheckedEvents> {
  const { service, calls, events } = world;
  const unseen = await events.missesEnds([...ledger.imports.keys(), ...ledger.others.keys()], eventsWithinMs);
  if (unseen.length > 0) report.broken('every end has an event', shown(unseen));
  const until = await newestEventId(service, calls);
  if (!(await events.hasRead(until, eventsWithinMs))) {
    report.broken('a stream has no gap', `event ${until} exists, but a follower has read only up to ${events.lastId}`);
  }
  const followed = events.take().filter(({ id }) => id <= until);
  const kept = await replayEvents(service, calls, { after, until, withinMs: eventsWithinMs });
  if (identify(followed) !== identify(kept)) {
    const seen = new Set(followed.map(({ id }) => id));
    const missed = kept.filter(({ id }) => !seen.has(id)).map(({ id }) => id);
    report.broken(
      'a stream has no gap and no duplicate',
      `followed ${followed.length}, kept ${kept.length}, missed ${shown(missed)}`,
    );
  }
  const gap = kept.find(({ id }, index) => id !== after + 1 + index);
  if (gap !== undefined)
    report.broken('the numbers of events have no gap', `${gap.id} after ${after}, ${kept.length} kept`);
  const last = new Map<string, Operation>();
  const resumed = new Set<string>();
  for (const { id, operation } of kept) {
    const before = last.get(operation.id)?.status;
    if (before === 'running' && operation.status === 'waiting') resumed.add(operation.id);
    if (world.ended.has(operation.id)) {
      report.broken('an operation ends once', `event ${id} of ${operation.id}: ${operation.status}`);
    }
    if (hasEnded(operation.status)) world.ended.add(operation.id);
    last.set(operation.id, operation);
  }
  for (const operation of last.values()) {
    const wrong = hasEnded(operation.status) ? wrongEnd(world, operation) : null;
    if (wrong !== null) report.broken('every operation ends correctly', wrong);
  }
  return { newest: until, resumed: resumed.size };
}

function identify(events: readonly SeenEvent[]): string {
  return events.map(({ id, operation }) => `${id} ${operation.id} ${operation.status}`).join('\n');
}

/** Checks that the catalogue has the right record of every backup, and no other. */
export async function checkCatalogue({ world, report }: Scene): Promise<number> {
  const records = await listRecords(world);
  if (records === null) {
    report.broken('the catalogue can be read', 'listing it failed');
    return 0;
  }
  const ids = new Set<string>();
  for (const record of records) {
    if (ids.has(record.id)) report.broken('a backup has one record', record.id);
    ids.add(record.id);
    const wrong = wrongRecord(world, record);
    if (wrong !== null) report.broken('every backup ends with the right verdict', wrong);
    if (world.deleted.has(record.id)) report.broken('a deleted record stays deleted', record.id);
  }
  for (const { item, isRecorded } of world.backups.values()) {
    const isWanted = isRecorded && !world.deleted.has(item.backup_id);
    if (isWanted && !ids.has(item.backup_id)) report.broken('no record is lost', `${item.backup_id} has none`);
  }
  return records.length;
}

/** Checks that every server is ready, that no source is held, and that storage got only requests that list or read. */
export async function checkHealth({ world, report }: Scene): Promise<void> {
  for (const path of ['/healthz', '/readyz']) {
    for (const door of world.service.doors) {
      const answer = await world.calls.send('GET', path, {}, undefined, door);
      if (answer?.status !== 200) {
        report.broken(`${path} is 200 after the fault`, `${answer?.status} ${shown(answer?.body)}`);
      }
    }
  }
  for (const id of world.sources.values()) {
    const answer = await world.calls.call('GET', 'v1', `/sources/${id}`);
    const source = showSourceAnswer.safeParse(answer?.body).data?.source;
    if (source?.status !== 'active') report.broken('a failed listing never holds a source', `${shown(answer?.body)}`);
  }
  for (const write of world.gate.writes.splice(0)) report.broken('the bucket is never touched', write);
}
