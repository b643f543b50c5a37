import type { PlannedItem } from '@backup-sync/contracts';
import { query } from '../../api/calls.ts';
import { isSignedOut } from '../../api/failure.ts';
import { queryClient } from '../../api/query-client.ts';
import { sessionOptions } from '../../api/session.ts';
import { batchFrom } from './batches.ts';
import { changeImport, importSignal, importState, type Work } from './import-store.ts';
import { noTotals, withAnswer } from './plan-totals.ts';
import { untilItPasses } from './until-it-passes.ts';

let stopping = new AbortController();

/** Stops the plan after the present call. What is planned stays. */
export function stopPlan(): void {
  stopping.abort();
}

/** Plans the import of the list, call by call. Continues behind what is planned already. */
export async function planList(projectId: string): Promise<void> {
  const { list, plan } = importState();
  if (list === null || plan?.isRunning === true) return;
  stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, importSignal()]);
  let totals = plan?.totals ?? noTotals;
  const planned: PlannedItem[] = [...(plan?.planned ?? [])];
  const tell = (work: Work) => {
    if (!importSignal().aborted && importState().list === list) {
      changeImport({ plan: { totals, planned, ...work } });
    }
  };
  tell({ isRunning: true, waitsFor: null, thrown: null });
  try {
    while (planned.length < list.items.length) {
      const sync = [...batchFrom(list.items, planned.length)];
      const answer = await untilItPasses(
        () => query(projectId, 'planSync', { sync }, signal),
        (waitsFor) => tell({ isRunning: true, waitsFor, thrown: null }),
        signal,
      );
      planned.push(...answer.plan);
      totals = withAnswer(totals, answer);
      tell({ isRunning: true, waitsFor: null, thrown: null });
    }
    tell({ isRunning: false, waitsFor: null, thrown: null });
  } catch (thrown) {
    // The shell then leads to the sign-in, and back here.
    if (isSignedOut(thrown)) void queryClient.invalidateQueries({ queryKey: sessionOptions.queryKey });
    tell({ isRunning: false, waitsFor: null, thrown: signal.aborted ? null : thrown });
  }
}
