import type { HookEventKind, VerificationLevel } from '@backup-sync/contracts';
import type { HookDeliveryStatus } from './hook-records.ts';

/** An address that is notified of problems, see `HookRecord`. */
export type HookRow = {
  id: string;
  project_id: string;
  name: string;
  url: string;
  /** The kinds of events, as JSON. */
  events: string;
  newest_older_than_s: number | null;
  level: VerificationLevel;
  source_older_than_s: number | null;
  /** See secret-seal.ts. */
  sealed_secret: string;
  sealed_private_key: string | null;
  public_key: string | null;
  previous_sealed_secret: string | null;
  previous_sealed_private_key: string | null;
  previous_until_ms: number | null;
  created_at_ms: number;
  paused_at_ms: number | null;
  gone_at_ms: number | null;
  /** The last transition of an operation that the hook has taken into account. */
  cursor: number;
  last_try_at_ms: number | null;
  last_try_delivered: 0 | 1 | null;
  last_answer: string | null;
};

/** Whether a subject has a problem, and the newest event about it, which replaces the one before. */
export type HookEventRow = {
  hook_id: string;
  kind: HookEventKind;
  /** The kind and id of the subject, and the kind of its operations if it has one, as JSON. */
  subject: string;
  subject_name: string | null;
  is_open: 0 | 1;
  /** When the problem began. */
  since_ms: number;
  /** When the problem was last seen. */
  seen_at_ms: number;
  /** When the problem began or was over. */
  changed_at_ms: number;
  /** The `webhook-id`. */
  message_id: string;
  /** The body, sent in the same bytes at each try. */
  body: string;
  status: HookDeliveryStatus;
  tries: number;
  /** Earliest time of the next try; null for now. */
  not_before_ms: number | null;
  /** Until then, a node may be sending it. */
  claimed_until_ms: number | null;
  last_answer: string | null;
};
