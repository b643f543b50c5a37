import type { Operation } from '@backup-sync/contracts';
import { mutate, query } from '../../api/calls.ts';
import { isSignedOut } from '../../api/failure.ts';
import { followOperations } from '../../api/live-operations.ts';
import { queryClient } from '../../api/query-client.ts';
import { sessionOptions } from '../../api/session.ts';
import { batchFrom } from './batches.ts';
import { changeImport, importSignal, importState, type ListImport } from './import-store.ts';
import { ImportTally } from './import-tally.ts';
import { untilItPasses } from './until-it-passes.ts';

/** Milliseconds without news after which the operations are read: events may have been missed. */
const quietMs = 15_000;
/** Milliseconds between two changes of the page while imports end all the time. */
const shownEveryMs = 250;
const operationsInPage = 1000;

let stopping = new AbortController();

/** Stops sending after the present call. Imports that were accepted continue. */
export function stopSending(): void {
  stopping.abort();
}

/**
 * Sends the list, call by call, and follows the imports. Continues behind what was accepted. A call whose answer was
 * lost is sent again. That is harmless: the second import of a backup finds it unchanged, and succeeds.
 */
export async function sendList(projectId: string, withAncestors: boolean): Promise<void> {
  const { list, sending: before } = importState();
  if (list === null || before?.isRunning === true) return;
  stopping = new AbortController();
  const discarded = importSignal();
  const signal = AbortSignal.any([stopping.signal, discarded]);
  const tally = before?.tally ?? new ImportTally();
  let sending: ListImport = {
    isRunning: true,
    thrown: null,
    acceptedItems: before?.acceptedItems ?? 0,
    withAncestors,
    waitsFor: null,
    tally,
  };
  const tell = (change: Partial<ListImport>) => {
    sending = { ...sending, ...change };
    if (!discarded.aborted) changeImport({ sending });
  };
  if (before === null) follow(projectId, tally, discarded);
  tell({});
  // Closing the page would lose the part of the list that is not sent.
  const warn = (event: BeforeUnloadEvent) => event.preventDefault();
  window.addEventListener('beforeunload', warn);
  try {
    while (sending.acceptedItems < list.items.length) {
      const batch = batchFrom(list.items, sending.acceptedItems);
      const accepted = await untilItPasses(
        () => mutate(projectId, 'importBackups', { sync: [...batch], with_ancestors: withAncestors }),
        (waitsFor) => tell({ waitsFor }),
        signal,
      );
      for (const { operation_log_id: id } of accepted.sync) tally.accept(id);
      tell({ acceptedItems: sending.acceptedItems + batch.length });
    }
    tell({ isRunning: false });
  } catch (thrown) {
    // The shell then leads to the sign-in, and back here.
    if (isSignedOut(thrown)) void queryClient.invalidateQueries({ queryKey: sessionOptions.queryKey });
    tell({ isRunning: false, waitsFor: null, thrown: signal.aborted ? null : thrown });
  } finally {
    window.removeEventListener('beforeunload', warn);
  }
}

/** Follows the imports until the list is discarded. */
function follow(projectId: string, tally: ImportTally, discarded: AbortSignal): void {
  let newsAtMs = Date.now();
  let hasNews = false;
  const note = (operation: Operation) => {
    if (!tally.note(operation)) return;
    newsAtMs = Date.now();
    hasNews = true;
  };
  const unfollow = followOperations(note);
  let isReading = false;
  const timer = setInterval(() => {
    const { sending } = importState();
    if (hasNews && sending !== null) changeImport({ sending: { ...sending } });
    hasNews = false;
    if (tally.open === 0 || isReading || Date.now() - newsAtMs < quietMs) return;
    isReading = true;
    newsAtMs = Date.now();
    void readOpen(projectId, tally, note, discarded)
      // The next reading tries again; what stands is shown meanwhile.
      .catch(() => {})
      .finally(() => {
        isReading = false;
      });
  }, shownEveryMs);
  discarded.addEventListener(
    'abort',
    () => {
      unfollow();
      clearInterval(timer);
    },
    { once: true },
  );
}

/** Reads how the imports stand that have not ended as far as is known: pages of operations, newest first. */
async function readOpen(
  projectId: string,
  tally: ImportTally,
  note: (operation: Operation) => void,
  signal: AbortSignal,
): Promise<void> {
  let open = tally.open;
  let marker: string | undefined;
  while (open > 0) {
    const { operations } = await query(
      projectId,
      'listOperations',
      { kind: 'import', limit: operationsInPage, ...(marker !== undefined && { marker }) },
      signal,
    );
    for (const operation of operations) {
      if (!tally.isOpen(operation.id)) continue;
      open -= 1;
      note(operation);
    }
    marker = operations.at(-1)?.id;
    if (operations.length < operationsInPage) return;
  }
}
