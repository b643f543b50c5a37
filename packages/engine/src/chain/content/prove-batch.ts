import { printable } from '../../quote.ts';
import type { StorageUnit } from '../../storage/port.ts';
import type { Fault } from '../proof/link.ts';
import { ReadFault } from '../proof/read-fault.ts';
import type { ContentJob } from './content-job.ts';
import { proveObject } from './prove-object.ts';

/** What ends a proof before its last object: a fault of the object, or that it could not be read. */
export type Failure =
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'error'; readonly error: unknown };

/** How far the objects of a batch were proved, in order. */
export type BatchResult = {
  /** Whole objects before the failure, with their bytes. */
  readonly objects: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  /** What the next object ended with; null where all are proved. */
  readonly failure: Failure | null;
};

/** Where objects are proved: in this thread or in others. Disposing of it ends what goes on there, at once. */
export interface ContentRunner extends AsyncDisposable {
  /** Batches that are worth being handed over at a time. */
  readonly slots: number;
  prove(jobs: readonly ContentJob[]): Promise<BatchResult>;
}

/** Proves objects one after the other, up to the first that fails. */
export async function proveBatch(
  storage: StorageUnit,
  bucketName: string,
  jobs: readonly ContentJob[],
  signal: AbortSignal,
): Promise<BatchResult> {
  let [objects, storedBytes, plainBytes] = [0, 0, 0];
  let failure: Failure | null = null;
  for (const job of jobs) {
    try {
      await proveObject(storage, bucketName, job, signal);
    } catch (error) {
      failure = failureOf(error);
      break;
    }
    objects += 1;
    storedBytes += job.object.storedBytes;
    plainBytes += job.object.length;
  }
  return { objects, storedBytes, plainBytes, failure };
}

/** A fault belongs to what is proved; any other error says that nothing could be told. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof ReadFault)) return { kind: 'error', error };
  return { kind: 'fault', fault: { ...error.fault, detail: printable(error.fault.detail) } };
}

/** Proves in this thread: enough where there is little to prove. */
export function proveInThisThread(storage: StorageUnit, bucketName: string, signal: AbortSignal): ContentRunner {
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  return {
    slots: 4,
    prove: (jobs) => proveBatch(storage, bucketName, jobs, either),
    async [Symbol.asyncDispose]() {
      ended.abort();
    },
  };
}
