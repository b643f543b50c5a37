import type {
  HookDetails,
  HookEventKind,
  HookSubject,
  OperationStatus,
  ReasonCode,
  VerificationLevel,
} from '@backup-sync/contracts';
import type { OperationKind } from './operation-records.ts';

export type HookDeliveryStatus = 'waiting' | 'delivered' | 'failed';

/** What signs the events of a hook. */
export type HookKeys = {
  readonly sealedSecret: string;
  /** Null if there are only HMAC signatures. */
  readonly sealedPrivateKey: string | null;
};

/** An address that is notified of problems of a project. */
export type HookRecord = HookKeys & {
  /** UUIDv7. */
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly url: string;
  readonly events: readonly HookEventKind[];
  /** Age at which the newest proved backup of a resource is overdue; null for never. */
  readonly newestOlderThanS: number | null;
  /** Level at which a backup counts as proved. */
  readonly level: VerificationLevel;
  /** Time since the last good run at which a source is overdue; null for never. */
  readonly sourceOlderThanS: number | null;
  readonly publicKey: string | null;
  /** The keys before the last rotation, which sign as well until then; null before the first rotation. */
  readonly previous: (HookKeys & { readonly untilMs: number }) | null;
  readonly createdAtMs: number;
  readonly pausedAtMs: number | null;
  /** When the receiver answered that it is gone; null unless it has. */
  readonly goneAtMs: number | null;
  /** The last transition of an operation that it has taken into account. */
  readonly cursor: number;
  readonly lastTry: HookTry | null;
};

/** The result of a try to deliver an event. */
export type HookTry = { readonly atMs: number; readonly isDelivered: boolean; readonly answer: string };

/** A hook with the number of its events that wait or were given up. */
export type CountedHook = HookRecord & { readonly waiting: number; readonly failed: number };

/** The fields of a hook that calls change. */
export type HookChanges = Partial<
  Pick<
    HookRecord,
    | 'url'
    | 'events'
    | 'newestOlderThanS'
    | 'level'
    | 'sourceOlderThanS'
    | 'sealedSecret'
    | 'sealedPrivateKey'
    | 'publicKey'
    | 'previous'
    | 'pausedAtMs'
    | 'goneAtMs'
    | 'lastTry'
  >
>;

/** A problem that has begun, still lasts or is over. */
export type HookSighting = {
  readonly subject: HookSubject;
  readonly atMs: number;
  /** The `webhook-id` of the event, if there is one. */
  readonly messageId: string;
} & (
  | {
      readonly isOpen: false;
      readonly kind: HookEventKind;
      /** Whether to forget the problem and send nothing: it is not known to be over. */
      readonly isForgotten?: boolean;
    }
  | {
      readonly [Kind in HookEventKind]: {
        readonly isOpen: true;
        readonly kind: Kind;
        readonly details: HookDetails[Kind];
      };
    }[HookEventKind]
);

/** What a hook sees at one time. */
export type HookSightings = {
  readonly hookId: string;
  readonly sightings: readonly HookSighting[];
  /** The events of operations that these sightings come from; null if they come from elsewhere. */
  readonly cursors: { readonly from: number; readonly to: number } | null;
  /** Events that were delivered or given up before this time are removed, unless the problem lasts. */
  readonly forgetBeforeMs: number | null;
};

/** A subject that has a problem. */
export type OpenSubject = {
  readonly kind: HookEventKind;
  readonly subject: HookSubject;
  readonly seenAtMs: number;
};

/** An event and its delivery. */
export type HookDeliveryRecord = {
  readonly messageId: string;
  readonly subject: HookSubject;
  readonly body: string;
  readonly status: HookDeliveryStatus;
  readonly changedAtMs: number;
  readonly tries: number;
  readonly notBeforeMs: number | null;
  readonly lastAnswer: string | null;
};

/** An event that this process is to send. */
export type ClaimedHookEvent = {
  readonly messageId: string;
  readonly kind: HookEventKind;
  readonly subject: string;
  readonly body: string;
  /** Number of tries, with this one. */
  readonly tries: number;
};

/** The end of a try. */
export type HookTryEnd = Pick<ClaimedHookEvent, 'messageId' | 'kind' | 'subject'> & {
  readonly hookId: string;
  readonly result: HookTry;
  /** When to try again; null if the event was delivered or is given up. */
  readonly notBeforeMs: number | null;
  /** Whether the receiver wants no more events. */
  readonly isGone: boolean;
};

/** The end of an operation, as far as hooks need it. */
export type OperationEnd = {
  readonly id: string;
  readonly kind: OperationKind;
  readonly sourceId: string | null;
  readonly sourceName: string | null;
  readonly status: Extract<OperationStatus, 'success' | 'failed' | 'timeout'>;
  readonly reason: ReasonCode | null;
  readonly bucketName: string;
  readonly backupId: string | null;
  readonly backupName: string | null;
  readonly resourceId: string | null;
  readonly resourceName: string | null;
  readonly atMs: number;
};

/** The ends of operations among a range of events. */
export type OperationEnds = {
  readonly ends: readonly OperationEnd[];
  /** The last event of the range. */
  readonly upTo: number;
  /** Whether there are more events. */
  readonly isFull: boolean;
};

/** The last failed verification of a backup. */
export type FailedVerification = { readonly backupId: string; readonly failedAtMs: number };

/** The newest proved backup of a resource. */
export type ProvedHead = {
  readonly resourceId: string;
  readonly resourceName: string;
  readonly backupId: string | null;
  readonly takenAtMs: number;
};
