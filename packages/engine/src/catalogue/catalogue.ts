import type { CallEvent } from './audit-records.ts';
import type { Fence } from './fence.ts';
import type { DueWork } from './operation-records.ts';
import type { ChangeName, StepInput, StepOutput, stores } from './steps.ts';
import type { InputOf, OutputOf, Step } from './stores/step.ts';

type StepsByName = Readonly<Record<string, Step>>;

/** The steps of one store as methods. The store's own file documents each of them. */
type StoreOf<Steps extends StepsByName, Names extends keyof Steps = keyof Steps> = {
  readonly [Name in Names]: (...input: InputOf<Steps[Name]>) => Promise<OutputOf<Steps[Name]>>;
};

/** The steps of a store that change nothing. */
type ReadsOf<Steps extends StepsByName> = {
  readonly [Name in keyof Steps as Steps[Name]['access'] extends 'read' ? Name : never]: StoreOf<Steps>[Name];
};

/** All steps, by store. */
export type Stores = { readonly [Store in keyof typeof stores]: StoreOf<(typeof stores)[Store]> };

type EventSource = {
  /**
   * Calls the listener soon after events may have been written, once for several of them. A call may also come without
   * events. Returns a function that stops the calls.
   */
  readonly onEvents: (listener: () => void) => () => void;
};

type DueSource = {
  /**
   * Calls the listener with the work that is due after each step, before the step's caller has its answer. For the one
   * queue of this process. A catalogue that several nodes share stores jobs with the step instead, and calls no listener.
   */
  readonly onDue: (listener: (due: DueWork) => void) => void;
};

/**
 * The database of backups, operations, sources and identities. Each method is one atomic step with plain data as input
 * and output. When it has returned, its writes are on disk.
 *
 * The type follows from the steps. To add a step, write its function in `steps/` or `identity-steps/` and name it in a
 * store.
 */
export type Catalogue = Stores &
  EventSource &
  DueSource & {
    /**
     * Runs a step for a call. If the step did what the call wanted, the same transaction writes the event of the call.
     * It has the outcome `done` and the ids of everything created. A crash leaves both or neither.
     *
     * `isRecorded` says whether the event was written. If not, the call was refused, and the caller has to record that.
     */
    readonly change: <Name extends ChangeName>(
      event: CallEvent,
      step: Name,
      ...input: StepInput<Name>
    ) => Promise<{ readonly answer: StepOutput<Name>; readonly isRecorded: boolean }>;
    /**
     * The catalogue for a worker of this operation. Its writing steps change nothing and throw `LeaseLostError` once
     * the operation no longer runs under this epoch: a worker that was paused past its lease cannot disturb the next.
     */
    readonly fenced: (fence: Fence) => Catalogue;
  } & AsyncDisposable;

/**
 * The part of the catalogue that queries get: steps on connections that can only read. The exception is `touch`: it
 * writes, to find out whether the catalogue can be written, but changes no data.
 */
export type CatalogueReads = { readonly [Store in keyof typeof stores]: ReadsOf<(typeof stores)[Store]> } & {
  readonly upkeep: Pick<Catalogue['upkeep'], 'touch'>;
} & EventSource;

/**
 * The part of the catalogue that mutations get. It lacks the steps of {@link Change}, which are written together with
 * the event of the call.
 */
export type CallCatalogue = {
  readonly [Store in keyof typeof stores]: StoreOf<
    (typeof stores)[Store],
    Exclude<keyof (typeof stores)[Store], ChangeName>
  >;
} & EventSource;

/** Changes the catalogue for a call with one step, and writes the event of the call with it. A call has one change. */
export type Change = <Name extends ChangeName>(step: Name, ...input: StepInput<Name>) => Promise<StepOutput<Name>>;
