import { BackupSyncError } from '@backup-sync/contracts';
import type { CatalogueReads } from '../catalogue/catalogue.ts';
import type { EventQuery } from '../catalogue/event-records.ts';
import { outagesFor } from '../operations/waiting-for.ts';
import type { StreamHandler } from './call-context.ts';
import { operationView } from './operation-view.ts';

/** Events read at a time. A slow reader keeps no more than this in memory. */
const pageSize = 100;

/** Streams the transitions of operations. Throws `events_gone` if the reader is behind the events that are kept. */
export const watchOperations: StreamHandler<'watchOperations'> = async ({ services, signal }, input) => {
  const { catalogue } = services;
  const query = { projectId: input.project_id, operationId: input.operation_id ?? null, limit: pageSize };
  const start = input.after === undefined ? await catalogue.events.newestCursor(input.project_id) : Number(input.after);
  // A bad cursor is refused before the stream starts.
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
          data: { operation: operationView(operation, outages) },
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
  throw new BackupSyncError(
    'events_gone',
    `after: the events after ${query.after} are no longer kept, or never existed`,
  );
}

/** `rung` waits until there may be news since it was last waited for, or the signal is aborted. */
function listen({ onEvents }: CatalogueReads, signal: AbortSignal): Disposable & { rung(): Promise<void> } {
  // Rung initially: there may be news since the first page was read.
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
