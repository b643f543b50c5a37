import type { BackupSync, PlannedItem } from '@backup-sync/contracts';
import { useSyncExternalStore } from 'react';
import { keepInSession } from '../../api/kept-work.ts';
import { useSession } from '../../api/session.ts';
import type { ListSummary } from './check-list.ts';
import type { ImportTally } from './import-tally.ts';
import type { PlanTotals } from './plan-totals.ts';
import { unsentLoss } from './unsent-loss.ts';

/** A list whose items are all valid, or the problems of those that are not. */
export type CheckedList = ListSummary & {
  readonly name: string;
  readonly items: readonly BackupSync[];
  /** Place of each item: `row 3`. */
  readonly places: readonly string[];
  readonly milliseconds: number;
};

/** A work on the list that goes from its beginning to its end, and may stop on the way. */
export type Work = {
  /** Whether it runs now. Otherwise it has reached the end, was stopped, or has failed. */
  readonly isRunning: boolean;
  /** What it waits for while the server is away or has no room; null if it does not wait. */
  readonly waitsFor: string | null;
  /** Why it stopped; null if nothing failed. */
  readonly thrown: unknown;
};

export type ListPlan = Work & { readonly totals: PlanTotals; readonly planned: readonly PlannedItem[] };

export type ListImport = Work & {
  /** Number of items at the beginning of the list that the server has accepted. */
  readonly acceptedItems: number;
  readonly withAncestors: boolean;
  readonly tally: ImportTally;
};

/** What this page knows of an import. It lasts until it is discarded, wherever the person goes in the console. */
export type ImportState = {
  /** Name of the list that is being read, and how many of its items are valid so far. */
  readonly reading: { readonly name: string; readonly valid: number } | null;
  /** Why the last text is no list. */
  readonly refusal: { readonly name: string; readonly message: string } | null;
  readonly list: CheckedList | null;
  readonly plan: ListPlan | null;
  readonly sending: ListImport | null;
};

const nothing: ImportState = { reading: null, refusal: null, list: null, plan: null, sending: null };

let state = nothing;
/** Whose import it is: another user or project must not see it, let alone continue it. */
let owner: string | null = null;
/** Stops what works for the present list. */
let working = new AbortController();
const listeners = new Set<() => void>();

export function importState(): ImportState {
  return state;
}

export function changeImport(change: Partial<ImportState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

/** Aborted once the present list is discarded. */
export function importSignal(): AbortSignal {
  return working.signal;
}

/** Forgets the list and everything about it. Imports that were accepted continue on the server. */
export function discardImport(): void {
  working.abort();
  working = new AbortController();
  changeImport(nothing);
}

keepInSession({ forget: discardImport, loss: () => unsentLoss(state.sending, state.list?.items.length ?? 0) });

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The import of this user in this project. */
export function useImport(): ImportState {
  const { user_name: user, project_id: projectId } = useSession();
  const own = JSON.stringify([user, projectId]);
  const shown = useSyncExternalStore(subscribe, importState);
  if (owner === own) return shown;
  owner = own;
  if (state === nothing) return nothing;
  working.abort();
  working = new AbortController();
  state = nothing;
  return nothing;
}
