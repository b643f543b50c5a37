import type { StorageEnvironment } from '../../storage/driver.ts';
import type { OutsideRequest } from '../../storage/port.ts';
import type { ContentJob } from '../content/content-job.ts';
import type { BatchResult } from '../content/prove-batch.ts';
import type { StoredObject } from '../data.ts';
import type { Fault } from '../proof/link.ts';
import { packError, type SentError, unpackError } from './sent-error.ts';

/** A storage unit that a thread can open for itself: plain data. Credentials are found as everywhere. */
export type StorageOpening = {
  readonly id: string;
  /** As `openStorageUnit` takes it. */
  readonly specification: string;
  readonly environment?: StorageEnvironment;
};

/** To a thread. `id` is that of what it is asked to do, `request` that of a request to storage. */
export type ToThread =
  | { readonly kind: 'prove'; readonly id: number; readonly bucketName: string; readonly jobs: readonly ContentJob[] }
  | { readonly kind: 'read'; readonly id: number; readonly bucketName: string; readonly object: StoredObject }
  /** So many more bytes of what is read may be sent. */
  | { readonly kind: 'send'; readonly id: number; readonly bytes: number }
  /** What is read is not wanted any more. */
  | { readonly kind: 'drop'; readonly id: number }
  | ToAskingStorage;

/** It is the request's turn; or it must not be made (again). */
export type ToAskingStorage =
  | { readonly kind: 'begin'; readonly request: number }
  | { readonly kind: 'refuse'; readonly request: number; readonly error: SentError };

/** From a thread. */
export type FromThread =
  | { readonly kind: 'proved'; readonly id: number; readonly result: SentBatchResult }
  | { readonly kind: 'piece'; readonly id: number; readonly piece: Uint8Array }
  | { readonly kind: 'end'; readonly id: number; readonly error: SentError | null }
  | FromAskingStorage;

/**
 * What a thread says of a request: that it wants to make it, how its answer begins, whether the bytes come, and what was
 * read of it.
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
