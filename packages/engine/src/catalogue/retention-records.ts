/** A place among the operations of a project, in the order of their acceptance. */
export type OperationPlace = { readonly createdAtMs: number; readonly sequence: number };

/** Asks for the removal of some old operations of a project. Times are in milliseconds since 1970. */
export type OldOperations = {
  readonly projectId: string;
  /** Operations that ended earlier are removed; null: none. Scans and plans with findings that are kept stay. */
  readonly operationsBeforeMs: number | null;
  /** The findings of scans and plans that ended earlier are removed; null: none. */
  readonly findingsBeforeMs: number | null;
  /** Looks at operations before this place; null: from the newest that can be old enough. */
  readonly before: OperationPlace | null;
  readonly nowMs: number;
};

/** The rows that one step has removed, and where the next continues. */
export type Removed<Place> = {
  readonly operations?: number;
  readonly findings?: number;
  readonly events?: number;
  readonly verifications?: number;
  readonly auditEvents?: number;
  /** Null if nothing is left to look at. */
  readonly next: Place | null;
};
