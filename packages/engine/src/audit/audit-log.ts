import type { AuditFilter, AuditOutcome, Door, ErrorCode } from '@backup-sync/contracts';

/** What a call was about: the name of a field of its input, and what stood there. */
export type AuditSubject = { readonly field: string; readonly value: string };

/** What is known of a call before it is done. */
export type AuditedCall = {
  readonly projectId: string;
  readonly actor: { readonly kind: 'user' | 'system'; readonly name: string };
  readonly operation: string;
  readonly subjects: readonly AuditSubject[];
  readonly door: Door;
  readonly address: string | null;
  readonly requestId: string;
};

/** A call that was let in, and of which it is not known yet what came of it. */
export type AuditIntent = AuditedCall & { readonly id: string; readonly atMs: number };

export type AuditRecord = AuditedCall & {
  /** UUIDv7: the order in which events were written down. */
  readonly id: string;
  readonly atMs: number;
  readonly outcome: AuditOutcome;
  readonly errorCode: ErrorCode | null;
};

/**
 * Who did what. Events are added and never changed: the port has no verb for it. Each method is one atomic step, on disk
 * once it has answered.
 *
 * - `addIntent` comes before anything is changed, so that no crash leaves a change without a trace.
 * - `append` adds an event, and in the same step removes the intent that it is the outcome of; null where there was none.
 * - `listIntents` answers the oldest first.
 * - `listEvents` answers the newest first; with a marker, those before that event, whether it exists or not. `count` is
 *   of all that match, whatever the page.
 */
export interface AuditLog {
  addIntent(intent: AuditIntent): Promise<void>;
  append(event: AuditRecord, intentId: string | null): Promise<void>;
  listIntents(): Promise<readonly AuditIntent[]>;
  listEvents(filter: AuditFilter): Promise<{ readonly events: readonly AuditRecord[]; readonly count: number }>;
}
