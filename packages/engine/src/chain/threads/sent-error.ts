import { StorageError, type StorageErrorCode } from '../../storage/port.ts';
import type { Fault } from '../proof/link.ts';
import { ReadFault } from '../proof/read-fault.ts';

/** An error as it is sent between threads, because cloning would lose its class. */
export type SentError =
  | { readonly kind: 'fault'; readonly fault: Fault; readonly looksMissing: boolean }
  | {
      readonly kind: 'storage';
      readonly code: StorageErrorCode;
      readonly message: string;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: 'other'; readonly name: string; readonly message: string; readonly stack: string | undefined };

export function packError(error: unknown): SentError {
  if (error instanceof ReadFault) return { kind: 'fault', fault: error.fault, looksMissing: error.looksMissing };
  if (error instanceof StorageError) {
    const { code, message, retryAfterMs } = error;
    return { kind: 'storage', code, message, retryAfterMs };
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'other', name, message, stack };
}

export function unpackError(sent: SentError): Error {
  if (sent.kind === 'fault') return new ReadFault(sent.fault, sent.looksMissing);
  if (sent.kind === 'storage') return new StorageError(sent.code, sent.message, { retryAfterMs: sent.retryAfterMs });
  const error = new Error(sent.message);
  error.name = sent.name;
  if (sent.stack !== undefined) error.stack = sent.stack;
  return error;
}
