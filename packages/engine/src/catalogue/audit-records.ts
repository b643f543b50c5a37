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

/** A call that was let in, and of which it is not known yet what came of it. */
export type AuditIntent = AuditedCall & { readonly id: string; readonly atMs: number };

export type AuditRecord = AuditedCall & {
  /** UUIDv7: the order in which events were written down. */
  readonly id: string;
  readonly atMs: number;
  readonly outcome: AuditOutcome;
  readonly errorCode: ErrorCode | null;
};
