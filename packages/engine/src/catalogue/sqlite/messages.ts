import type { AskedStep } from '../run-step.ts';
import type { Access } from './connection.ts';

/** The data that a thread is started with. */
export type ThreadData = { readonly path: string; readonly access: Access };

export type StepRequest = AskedStep & { readonly id: number };

/** A step to run, or `close`, which comes last: the thread finishes what is queued, closes its connection and ends. */
export type ThreadRequest = StepRequest | 'close';

/** An error as it is sent between threads. Cloning would keep only the names of the language's own errors. */
export type ThrownError = { readonly name: string; readonly message: string; readonly stack: string | undefined };

export type StepAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: ThrownError };

export function describeError(thrown: unknown): ThrownError {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message, stack: thrown.stack };
  return { name: 'Error', message: String(thrown), stack: undefined };
}

/** Restores the error as it was thrown in the other thread. */
export function reviveError({ name, message, stack }: ThrownError): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
