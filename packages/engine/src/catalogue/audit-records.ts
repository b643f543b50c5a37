import type { AuditOutcome, Door, ErrorCode } from '@backup-sync/contracts';

/** A subject of a call: the name of a field of its input, and the value of that field. */
export type AuditSubject = { readonly field: string; readonly value: string };

/** The part of an audit event that is known before the call is done. */
export type AuditedCall = {
  readonly projectId: string;
  readonly actor: { readonly kind: 'user' | 'system'; readonly name: string };
  readonly operation: string;
  readonly subjects: readonly AuditSubject[];
  readonly door: Door;
  readonly address: string | null;
  readonly requestId: string;
};

/**
 * The event of a call whose outcome is not known yet. It is passed to the catalogue with the step that decides the
 * outcome.
 */
export type CallEvent = AuditedCall & {
  /** UUIDv7: sorts events in the order in which they were written. */
  readonly id: string;
  readonly atMs: number;
};

export type AuditRecord = CallEvent & { readonly outcome: AuditOutcome; readonly errorCode: ErrorCode | null };
