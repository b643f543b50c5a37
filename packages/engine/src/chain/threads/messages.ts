import type { StorageEnvironment } from '../../storage/driver.ts';
import type { OutsideRequest } from '../../storage/port.ts';
import type { ContentJob } from '../content/content-job.ts';
import type { BatchResult } from '../content/prove-batch.ts';
import type { StoredObject } from '../data.ts';
import type { Fault } from '../proof/link.ts';
import type { FilledSlot } from './piece-sender.ts';
import { packError, type SentError, unpackError } from './sent-error.ts';

/** Data with which a thread opens a storage unit. It finds credentials in the usual places. */
export type StorageOpening = {
  readonly id: string;
  /** As `openStorageUnit` takes it. */
  readonly specification: string;
  readonly environment?: StorageEnvironment;
};

/** Slots of pieces that were used, for the pieces to come. */
type FreeSlots = { readonly free: readonly number[] };

/** A message to a thread. `id` identifies a piece of work, `request` a request to storage. */
export type ToThread =
  | { readonly kind: 'prove'; readonly id: number; readonly bucketName: string; readonly jobs: readonly ContentJob[] }
  | (FreeSlots & {
      readonly kind: 'read';
      readonly id: number;
      readonly bucketName: string;
      readonly object: StoredObject;
    })
  /** Allows the thread to send this many more bytes of the object. */
  | (FreeSlots & { readonly kind: 'send'; readonly id: number; readonly bytes: number })
  /** The object is no longer wanted. */
  | { readonly kind: 'drop'; readonly id: number }
  | ToAskingStorage;

/** Admits a request, or refuses it; a refused request must not be made or retried. */
export type ToAskingStorage =
  | { readonly kind: 'begin'; readonly request: number }
  | { readonly kind: 'refuse'; readonly request: number; readonly error: SentError };

/** A message from a thread. */
export type FromThread =
  | { readonly kind: 'proved'; readonly id: number; readonly result: SentBatchResult }
  | (FilledSlot & { readonly kind: 'piece'; readonly id: number; readonly added: readonly SharedArrayBuffer[] })
  | { readonly kind: 'end'; readonly id: number; readonly error: SentError | null }
  | FromAskingStorage;

/**
 * A message from a thread about a request. The thread wants to make the request; its answer has begun or failed; its
 * bytes arrive or have stopped; or it is done.
 */
export type FromAskingStorage =
  | ({ readonly kind: 'ask'; readonly request: number; readonly of: 'list' | 'get' } & Pick<
      OutsideRequest,
      'bucket' | 'subject'
    >)
  | { readonly kind: 'begun'; readonly request: number; readonly error: SentError | null }
  | { readonly kind: 'bytes'; readonly request: number; readonly doCome: boolean }
  | { readonly kind: 'done'; readonly request: number; readonly bytesRead: number };

type SentFailure =
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'error'; readonly error: SentError };

type SentBatchResult = Omit<BatchResult, 'failure'> & { readonly failure: SentFailure | null };

export function packResult(result: BatchResult): SentBatchResult {
  const { failure } = result;
  if (failure?.kind !== 'error') return { ...result, failure };
  return { ...result, failure: { kind: 'error', error: packError(failure.error) } };
}

export function unpackResult(result: SentBatchResult): BatchResult {
  const { failure } = result;
  if (failure?.kind !== 'error') return { ...result, failure };
  return { ...result, failure: { kind: 'error', error: unpackError(failure.error) } };
}
