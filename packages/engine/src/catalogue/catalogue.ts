import type { CallEvent } from './audit-records.ts';
import type { ChangeName, StepInput, StepOutput, stores } from './steps.ts';
import type { InputOf, OutputOf, Step } from './stores/step.ts';

type StepsByName = Readonly<Record<string, Step>>;

/** The steps of one store, as whoever asks calls them; what each promises is said where the store names it. */
type StoreOf<Steps extends StepsByName, Names extends keyof Steps = keyof Steps> = {
  readonly [Name in Names]: (...input: InputOf<Steps[Name]>) => Promise<OutputOf<Steps[Name]>>;
};

/** Those of a store's steps that change nothing. */
type ReadsOf<Steps extends StepsByName> = {
  readonly [Name in keyof Steps as Steps[Name]['access'] extends 'read' ? Name : never]: StoreOf<Steps>[Name];
};

/** What is stored, by store. */
export type Stores = { readonly [Store in keyof typeof stores]: StoreOf<(typeof stores)[Store]> };

type EventSource = {
  /**
   * Calls the listener, soon but not for each, when there may be events that were not there before; it may call for
   * nothing. Answers how to stop that.
   */
  readonly onEvents: (listener: () => void) => () => void;
};

/**
 * The durable truth. Each method is one whole atomic step, data in and data out; what it has answered is on disk.
 *
 * It follows from the steps: a new one is a function in `steps/` and a line in its store.
 */
export type Catalogue = Stores &
  EventSource & {
    /**
     * Runs a step for a call. If the step does what the call wants, the event of the call is written in the same
     * transaction, with the outcome `done` and the ids of what was made: a crash leaves both or neither.
     *
     * `isRecorded` tells whether the event was written. If not, the call was refused, and whoever asks writes that down.
     */
    readonly change: <Name extends ChangeName>(
      event: CallEvent,
      step: Name,
      ...input: StepInput<Name>
    ) => Promise<{ readonly answer: StepOutput<Name>; readonly isRecorded: boolean }>;
  } & AsyncDisposable;

/**
 * What a query has of the catalogue: steps that run on connections which can only read. `touch` is not one of them, since
 * it has to find out whether the catalogue can be written, but it changes nothing.
 */
export type CatalogueReads = { readonly [Store in keyof typeof stores]: ReadsOf<(typeof stores)[Store]> } & {
  readonly upkeep: Pick<Catalogue['upkeep'], 'touch'>;
} & EventSource;

/** The catalogue as mutations have it: what they change something by is not there, since it goes with the event of the call. */
export type CallCatalogue = {
  readonly [Store in keyof typeof stores]: StoreOf<
    (typeof stores)[Store],
    Exclude<keyof (typeof stores)[Store], ChangeName>
  >;
} & EventSource;

/** Changes the catalogue for a call by one step, which the event of the call goes with. A call has one change. */
export type Change = <Name extends ChangeName>(step: Name, ...input: StepInput<Name>) => Promise<StepOutput<Name>>;
