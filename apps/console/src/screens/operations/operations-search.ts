import type { OperationKind, OperationStatus } from '@backup-sync/contracts';
import { operationKindWords } from '../../words/common.ts';

/** The filters of the screen, as the address has them. */
export type OperationsSearch = {
  readonly kind?: OperationKind;
  readonly status?: OperationStatus;
  /** Id of a backup. */
  readonly backup?: string;
  /** Id of the last operation of the page before. */
  readonly marker?: string;
  /** A day of the calendar, such as 2026-03-01. */
  readonly day?: string;
};

/** Statuses that occur, in the order of the filter. */
export const statusChoices: readonly OperationStatus[] = ['waiting', 'running', 'success', 'failed', 'timeout'];

export const kindChoices = Object.keys(operationKindWords) as readonly OperationKind[];

/** Reads the filters of any address. What is no filter is ignored. */
export function operationsSearch(search: Readonly<Record<string, unknown>>): OperationsSearch {
  const kind = kindChoices.find((each) => each === search.kind);
  const status = statusChoices.find((each) => each === search.status);
  const backup = idIn(search.backup);
  const marker = idIn(search.marker);
  const day = typeof search.day === 'string' && /^\d{4}-\d\d-\d\d$/.test(search.day) ? search.day : undefined;
  return {
    ...(kind !== undefined && { kind }),
    ...(status !== undefined && { status }),
    ...(backup !== undefined && { backup }),
    ...(marker !== undefined && { marker }),
    ...(day !== undefined && { day }),
  };
}

/** An id or a name in an address. The router reads one of digits as a number, and `true` as a boolean. */
export function idIn(value: unknown): string | undefined {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** The place in the list of what an operation found: the `next` of the page before. */
export function operationSearch({ after }: Readonly<Record<string, unknown>>): { after?: number } {
  return typeof after === 'number' && Number.isSafeInteger(after) && after > 0 ? { after } : {};
}
