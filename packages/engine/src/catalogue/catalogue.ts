import type { stores } from './steps.ts';
import type { InputOf, OutputOf, Step } from './stores/step.ts';

/** The steps of one store, as whoever asks calls them; what each promises is said where the store names it. */
type StoreOf<Steps extends Readonly<Record<string, Step>>> = {
  readonly [Name in keyof Steps]: (...input: InputOf<Steps[Name]>) => Promise<OutputOf<Steps[Name]>>;
};

/** Those of a store's steps that change nothing. */
type ReadsOf<Steps extends Readonly<Record<string, Step>>> = {
  readonly [Name in keyof Steps as Steps[Name]['access'] extends 'read' ? Name : never]: StoreOf<Steps>[Name];
};

/** What is stored, by store. */
export type Stores = { readonly [Store in keyof typeof stores]: StoreOf<(typeof stores)[Store]> };

/**
 * The durable truth. Each method is one whole atomic step, data in and data out; what it has answered is on disk.
 *
 * It follows from the steps: a new one is a function in `steps/` and a line in its store.
 */
export type Catalogue = Stores & {
  /**
   * Calls the listener, soon but not for each, when there may be events that were not there before; it may call for
   * nothing. Answers how to stop that.
   */
  readonly onEvents: (listener: () => void) => () => void;
} & AsyncDisposable;

/**
 * What a query has of the catalogue: steps that run on connections which can only read. `touch` is not one of them, since
 * it has to find out whether the catalogue can be written, but it changes nothing.
 */
export type CatalogueReads = { readonly [Store in keyof typeof stores]: ReadsOf<(typeof stores)[Store]> } & {
  readonly upkeep: Pick<Catalogue['upkeep'], 'touch'>;
} & Pick<Catalogue, 'onEvents'>;
