import type { AuditOutcome, Door, ErrorCode } from '@backup-sync/contracts';

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

/** The event of a call whose outcome is not known yet. It goes to the catalogue with the step that decides it. */
export type CallEvent = AuditedCall & {
  /** UUIDv7: the order in which events were written down. */
  readonly id: string;
  readonly atMs: number;
};

export type AuditRecord = CallEvent & { readonly outcome: AuditOutcome; readonly errorCode: ErrorCode | null };
