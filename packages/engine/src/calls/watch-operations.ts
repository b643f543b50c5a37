import { BackupSyncError } from '@backup-sync/contracts';
import type { CatalogueReads } from '../catalogue/catalogue.ts';
import type { EventQuery } from '../catalogue/event-records.ts';
import { outagesFor } from '../operations/waiting-for.ts';
import type { StreamHandler } from './call-context.ts';
import { loggedOperationView } from './operation-view.ts';

/** Events that are read at once: all that a reader who does not keep up holds here. */
const pageSize = 100;

/** Follows the transitions of operations. A reader who falls behind what is kept is refused, so that it knows. */
export const watchOperations: StreamHandler<'watchOperations'> = async ({ services, signal }, input) => {
  const { catalogue } = services;
  const query = { projectId: input.project_id, operationId: input.operation_id ?? null, limit: pageSize };
  const start = input.after === undefined ? await catalogue.events.newestCursor(input.project_id) : Number(input.after);
  // A bad cursor is refused before the stream begins.
  const first = await read(catalogue, { ...query, after: start });
  return { start: String(start), pages: follow() };

  async function* follow() {
    using bell = listen(catalogue, signal);
    let page = first;
    while (true) {
      if (page.events.length > 0) {
        const outages = await outagesFor(
          catalogue,
          page.events.map(({ operation }) => operation),
        );
        yield page.events.map(({ cursor, operation }) => ({
          id: String(cursor),
          data: { operation: loggedOperationView(operation, outages) },
        }));
      }
      if (!page.isFull) await bell.rung();
      signal.throwIfAborted();
      page = await read(catalogue, { ...query, after: page.upTo });
    }
  }
};

async function read(catalogue: CatalogueReads, query: EventQuery) {
  const page = await catalogue.events.listEvents(query);
  if (page !== 'gone') return page;
  throw new BackupSyncError('events_gone', `after: events behind ${query.after} are not there any more, or never were`);
}

/** `rung` waits until there may be news since it was last waited for, or the signal is aborted. */
function listen({ onEvents }: CatalogueReads, signal: AbortSignal): Disposable & { rung(): Promise<void> } {
  // Rung at first: something may have happened since the first page was read.
  let isRung = true;
  let wake = () => {};
  const ring = () => {
    isRung = true;
    wake();
  };
  const stopListening = onEvents(ring);
  signal.addEventListener('abort', ring, { once: true });
  return {
    async rung() {
      if (!isRung) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      isRung = false;
    },
    [Symbol.dispose]() {
      stopListening();
      signal.removeEventListener('abort', ring);
    },
  };
}
