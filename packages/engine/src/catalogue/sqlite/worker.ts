import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../clock.ts';
import { type Connection, connect } from './connection.ts';
import type { StepAnswer, StepRequest, ThreadData, ThreadRequest } from './messages.ts';
import { runGroup } from './run-steps.ts';

/**
 * Maximum number of steps that share one commit. This bounds how long the first of them waits, and the size of a
 * transaction.
 */
const groupMax = 200;

/** Milliseconds for which reads are run before their answers are sent, in one message. */
const readsForMs = 2;

if (parentPort === null) throw new Error('This file runs only as a worker thread.');
const port = parentPort;
// StepThread alone starts this thread, so the data has this shape.
const { path, access } = workerData as ThreadData;
/** Opened with the first step. By then the schema exists, however early the thread was started. */
let connection: Connection | null = null;

/** Changes that calls requested. Their callers wait for them. */
const ofCalls: StepRequest[] = [];
/** All other steps. */
const others: StepRequest[] = [];
/** Whether calls are next if both wait. They take turns, so that neither keeps the other waiting for long. */
let callsAreNext = true;
let closing = false;
let working = false;

port.on('message', (requests: readonly ThreadRequest[]) => {
  for (const request of requests) {
    if (request === 'close') closing = true;
    else (request.event === null ? others : ofCalls).push(request);
  }
  if (working) return;
  working = true;
  // Later in this turn of the loop, so that every message that has arrived by then joins the first group.
  setImmediate(work);
});

async function work(): Promise<void> {
  if (hasWaiting()) {
    connection ??= connect(path, access);
    port.postMessage(await runNext(connection));
  }
  if (hasWaiting()) setImmediate(work);
  else {
    working = false;
    if (closing) close();
  }
}

/** Runs the next writes in one transaction, or the next reads for as long as no answer has to wait for another. */
async function runNext(open: Connection): Promise<readonly StepAnswer[]> {
  if (access === 'write') return runGroup(open, takeWrites());
  const answers: StepAnswer[] = [];
  const untilMs = systemClock.monotonicMs() + readsForMs;
  do {
    answers.push(...(await runGroup(open, others.splice(0, 1))));
  } while (hasWaiting() && systemClock.monotonicMs() < untilMs);
  return answers;
}

/** Takes the changes of calls, or other writes. In one commit, a caller would wait for the work of all others. */
function takeWrites(): readonly StepRequest[] {
  const areOfCalls = ofCalls.length > 0 && (callsAreNext || others.length === 0);
  callsAreNext = !areOfCalls;
  return (areOfCalls ? ofCalls : others).splice(0, groupMax);
}

function hasWaiting(): boolean {
  return ofCalls.length + others.length > 0;
}

function close(): void {
  if (connection !== null) closeConnection(connection);
  port.close();
}

function closeConnection({ files, sqlite }: Connection): void {
  try {
    // If the files were moved, they are left unchanged: someone may be copying them.
    if (access === 'write' && files.areThere()) sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // The WAL stays, and the next process that opens the database reads it.
  }
  sqlite.close();
}
