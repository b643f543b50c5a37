import type { AuditFilter, AuditOutcome, Door, ErrorCode } from '@backup-sync/contracts';

/** What a call was about: the name of a field of its input, and what stood there. */
export type AuditSubject = { readonly field: string; readonly value: string };

export type AuditRecord = {
  /** UUIDv7: the order of events. */
  readonly id: string;
  readonly atMs: number;
  readonly projectId: string;
  readonly actor: { readonly kind: 'user' | 'system'; readonly name: string };
  readonly operation: string;
  readonly subjects: readonly AuditSubject[];
  readonly door: Door;
  readonly address: string | null;
  readonly outcome: AuditOutcome;
  readonly errorCode: ErrorCode | null;
  readonly requestId: string;
};

/**
 * Who did what. Events are added and never changed: the port has no verb for it. `append` has answered once the event is
 * on disk. `list` answers the newest first; with a marker, those before that event, whether it exists or not. `count` is of all that match, whatever the page.
 */
export interface AuditLog {
  append(event: AuditRecord): Promise<void>;
  listEvents(filter: AuditFilter): Promise<{ readonly events: readonly AuditRecord[]; readonly count: number }>;
}
