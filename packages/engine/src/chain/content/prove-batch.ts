import { printable } from '../../quote.ts';
import type { StorageUnit } from '../../storage/port.ts';
import type { Fault } from '../proof/link.ts';
import { ReadFault } from '../proof/read-fault.ts';
import type { ContentJob } from './content-job.ts';
import { proveObject } from './prove-object.ts';

/** Why a proof ended before its last object: a fault of an object, or an error that prevented reading it. */
export type Failure =
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'error'; readonly error: unknown };

/** Result of a batch. Its objects are proved in order. */
export type BatchResult = {
  /** Objects proved before the failure. */
  readonly objects: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  /** Failure of the next object; null if all are proved. */
  readonly failure: Failure | null;
};

/** Proves objects, in this thread or in others. Disposing of it stops their work immediately. */
export interface ContentRunner extends AsyncDisposable {
  /** Number of batches worth running at a time. */
  readonly slots: number;
  prove(jobs: readonly ContentJob[]): Promise<BatchResult>;
}

/** Proves objects one after the other, until one fails. */
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

/** A {@link ReadFault} is a finding about the object. After any other error, nothing is known of it. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof ReadFault)) return { kind: 'error', error };
  return { kind: 'fault', fault: { ...error.fault, detail: printable(error.fault.detail) } };
}

/** Proves in this thread, which is enough if there is little to prove. */
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
