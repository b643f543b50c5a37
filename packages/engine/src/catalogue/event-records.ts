import type { OperationRecord } from './operation-records.ts';

/** A transition of an operation. */
export type OperationEvent = {
  /** Rises within the project. */
  readonly cursor: number;
  /** The operation as it was after the transition. */
  readonly operation: OperationRecord;
};

export type EventPage = {
  readonly events: readonly OperationEvent[];
  /** Where to go on: there is nothing of interest up to here but these events. */
  readonly upTo: number;
  /** Whether there was more at that moment. */
  readonly isFull: boolean;
};

/** Events of a project, or of one operation of it, behind a cursor. */
export type EventQuery = {
  readonly projectId: string;
  readonly operationId: string | null;
  readonly after: number;
  readonly limit: number;
};
