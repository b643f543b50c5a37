import type { OperationRecord } from './operation-records.ts';

/** One transition of an operation. */
export type OperationEvent = {
  /** Rises within the project. */
  readonly cursor: number;
  /** The operation as it was after the transition. */
  readonly operation: OperationRecord;
};

export type EventPage = {
  readonly events: readonly OperationEvent[];
  /** Where the next page starts: no other event of interest has a cursor up to this one. */
  readonly upTo: number;
  /** Whether the page is full, so that more events may follow. */
  readonly isFull: boolean;
};

/** Asks for the events of a project, or of one of its operations, after a cursor. */
export type EventQuery = {
  readonly projectId: string;
  readonly operationId: string | null;
  readonly after: number;
  readonly limit: number;
};
