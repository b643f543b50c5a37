import { StorageError, type StorageErrorCode } from '../../storage/port.ts';
import type { Fault } from '../link.ts';
import type { ContentJob } from './content-job.ts';
import type { BatchResult, Failure } from './prove-batch.ts';

/** A storage unit that a thread can open for itself: plain data. Credentials are found as everywhere. */
export type StorageOpening = {
  readonly id: string;
  /** As `openStorageUnit` takes it. */
  readonly specification: string;
  readonly region?: string;
};

/** What a thread is started with. */
export type ContentThreadData = { readonly opening: StorageOpening; readonly bucketName: string };

export type BatchRequest = { readonly id: number; readonly jobs: readonly ContentJob[] };

/** An error as it crosses the threads: cloning would lose its class. `code` is that of a storage error. */
type SentError = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: StorageErrorCode | null;
};

type SentFailure =
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'error'; readonly error: SentError };

export type BatchAnswer = {
  readonly id: number;
  readonly result: Omit<BatchResult, 'failure'> & { readonly failure: SentFailure | null };
};

export function packResult(result: BatchResult): BatchAnswer['result'] {
  const { failure } = result;
  if (failure?.kind !== 'error') return { ...result, failure };
  const { error } = failure;
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof StorageError ? error.code : null;
  return { ...result, failure: { kind: 'error', error: { name, message, stack, code } } };
}

export function unpackResult(result: BatchAnswer['result']): BatchResult {
  const { failure } = result;
  if (failure?.kind !== 'error') return { ...result, failure };
  const unpacked: Failure = { kind: 'error', error: unpackError(failure.error) };
  return { ...result, failure: unpacked };
}

function unpackError({ name, message, stack, code }: SentError): Error {
  if (code !== null) return new StorageError(code, message);
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
