import type { LoggedOperation } from './port.ts';

/** A transition of an operation. */
export type OperationEvent = {
  /** Rises within the project. */
  readonly cursor: number;
  /** The operation as it was after the transition. */
  readonly operation: LoggedOperation;
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

/**
 * The transitions of all operations, written in the same transaction as each transition. The newest 200,000 of each
 * project are kept.
 *
 * - `newestCursor` is that of the project's newest event, 0 where there is none yet.
 * - `listEvents` answers `gone` where some events behind the cursor are no longer kept, or the cursor is none that was
 *   given out: a reader who went on would miss some.
 * - `onEvents` calls the listener, soon but not for each, when there may be events that were not there before; it may
 *   call for nothing. It answers how to stop that.
 */
export interface EventStore {
  newestCursor(projectId: string): Promise<number>;
  listEvents(query: EventQuery): Promise<EventPage | 'gone'>;
  onEvents(listener: () => void): () => void;
}
