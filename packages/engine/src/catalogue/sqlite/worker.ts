import { parentPort, workerData } from 'node:worker_threads';
import { type Connection, connect } from './connection.ts';
import type { StepAnswer, StepRequest, ThreadData, ThreadRequest } from './messages.ts';
import { runGroup } from './run-steps.ts';

/** Steps that share a commit at most: bounds how long the first of them waits, and what one transaction holds. */
const groupMax = 200;

if (parentPort === null) throw new Error('This file is started as a worker thread.');
const port = parentPort;
// Given by StepThread alone, so it has this shape.
const { path, access } = workerData as ThreadData;
/** Opened with the first step: by then the schema stands, however early the thread was started. */
let connection: Connection | null = null;

const queue: StepRequest[] = [];
let closing = false;
let working = false;

port.on('message', (request: ThreadRequest) => {
  if (request === 'close') closing = true;
  else queue.push(request);
  if (working) return;
  working = true;
  // Later in this turn of the loop: every message that has arrived by now joins the first group.
  setImmediate(work);
});

async function work(): Promise<void> {
  if (queue.length > 0) {
    connection ??= connect(path, access);
    for (const answer of await runNext(connection)) port.postMessage(answer);
  }
  if (queue.length > 0) setImmediate(work);
  else {
    working = false;
    if (closing) close();
  }
}

async function runNext(open: Connection): Promise<readonly StepAnswer[]> {
  return runGroup(open, queue.splice(0, access === 'write' ? groupMax : 1));
}

function close(): void {
  if (connection !== null) closeConnection(connection);
  port.close();
}

function closeConnection({ files, sqlite }: Connection): void {
  try {
    // What was taken away is left as it is: somebody may be copying it.
    if (access === 'write' && files.areThere()) sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // The WAL stays, and whoever opens the database next reads it.
  }
  sqlite.close();
}
