import { compareKeys } from './key-order.ts';
import type { ListFoldersRequest, ListRequest, OutsideRequest, StorageUnit } from './port.ts';

/** Calls `make` when the request is allowed. It may call `make` again after a failure. */
export type AskLeave = <Answer>(
  request: Pick<OutsideRequest, 'kind' | 'bucket' | 'subject' | 'signal'>,
  make: () => Promise<Answer>,
) => Promise<Answer>;

/**
 * Wraps a storage unit so that `ask` decides when each request is made: each page of a listing, each `get` and `head`.
 * After a failed page, a listing continues after the last item received. Closing it closes `unit`.
 */
export function askBeforeRequests(unit: StorageUnit, ask: AskLeave): StorageUnit {
  /** `open` lists the items after a key, or all of them for null. */
  async function* askForPages<Item>(
    request: ListFoldersRequest,
    open: (after: string | null) => AsyncIterable<readonly Item[]>,
    keyOf: (item: Item) => string,
  ): AsyncGenerator<readonly Item[]> {
    let after: string | null = null;
    let pages: AsyncIterator<readonly Item[]> | null = null;
    while (true) {
      const step = await ask({ ...request, kind: 'list', subject: request.prefix }, async () => {
        pages ??= open(after)[Symbol.asyncIterator]();
        try {
          return await pages.next();
        } catch (error) {
          // A listing that has thrown is over; a new one continues after the last item.
          pages = null;
          throw error;
        }
      });
      if (step.done === true) return;
      const last = step.value.at(-1);
      if (last !== undefined) after = keyOf(last);
      yield step.value;
    }
  }

  async function* foldersBehind(request: ListFoldersRequest, after: string | null): AsyncGenerator<readonly string[]> {
    for await (const page of unit.listFolders(request)) {
      yield after === null ? page : page.filter((folder) => compareKeys(folder, after) > 0);
    }
  }

  return {
    id: unit.id,
    listsRanges: unit.listsRanges,
    list: (request: ListRequest) => {
      const open = (after: string | null) => unit.list(after === null ? request : { ...request, after });
      return askForPages(request, open, ({ key }) => key);
    },
    listFolders: (request) =>
      askForPages(
        request,
        (after) => foldersBehind(request, after),
        (folder) => folder,
      ),
    get: (request) => ask({ ...request, kind: 'get', subject: request.key }, () => unit.get(request)),
    head: (request) => ask({ ...request, kind: 'get', subject: request.key }, () => unit.head(request)),
    admit: (request) => ask(request, () => unit.admit(request)),
    [Symbol.asyncDispose]: () => unit[Symbol.asyncDispose](),
  };
}
