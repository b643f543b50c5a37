import { parentPort, workerData } from 'node:worker_threads';
import { openStorageUnit } from '../../storage/open-storage-unit.ts';
import type { ContentJob } from './content-job.ts';
import { type BatchAnswer, type BatchRequest, type ContentThreadData, packResult } from './content-messages.ts';
import { type BatchResult, proveBatch } from './prove-batch.ts';

if (parentPort === null) throw new Error('This file is started as a worker thread.');
const port = parentPort;
// Given by ContentThreads alone, so it has this shape.
const { opening, bucketName } = workerData as ContentThreadData;
const { id, specification, region } = opening;
/** Each thread has a client of its own: connections do not cross threads. */
const storage = openStorageUnit(specification, region === undefined ? {} : { region }, id);
/** A thread that is not needed any more is ended as it is, whatever it does. */
const { signal } = new AbortController();

async function prove(jobs: readonly ContentJob[]): Promise<BatchResult> {
  try {
    return await proveBatch(await storage, bucketName, jobs, signal);
  } catch (error) {
    return { objects: 0, storedBytes: 0, plainBytes: 0, failure: { kind: 'error', error } };
  }
}

port.on('message', async ({ id, jobs }: BatchRequest) => {
  const answer: BatchAnswer = { id, result: packResult(await prove(jobs)) };
  port.postMessage(answer);
});
