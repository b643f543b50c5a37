import { setImmediate } from 'node:timers/promises';
import { compareKeys } from '../storage/key-order.ts';
import { type ListFoldersRequest, listPageEntriesMax, StorageError, type StorageUnit } from '../storage/port.ts';

/**
 * A storage unit whose listings never end. Like a service, it lets the rest of the program run between pages.
 *
 * `keyOf` returns the key at each index: in key order, each once, below every requested prefix, and each in its own
 * folder if folders are listed. `beforePage` gets the number of earlier pages of all listings.
 */
export function endlessStorage(
  keyOf: (index: number) => string,
  beforePage: (pages: number) => void | Promise<void> = () => {},
): StorageUnit {
  let pages = 0;

  async function* keysBehind(after: string, { prefix, signal }: ListFoldersRequest): AsyncGenerator<string[]> {
    for (let index = 0; ; index += listPageEntriesMax) {
      await beforePage(pages);
      await setImmediate();
      signal?.throwIfAborted();
      const keys = Array.from({ length: listPageEntriesMax }, (_, place) => keyOf(index + place));
      if (keys.some((key) => !key.startsWith(prefix))) throw new Error(`only keys below ${prefix} can be listed`);
      pages += 1;
      yield keys.filter((key) => compareKeys(key, after) > 0);
    }
  }

  const refuse = async () => {
    throw new StorageError('access_denied', 'this storage unit has only keys');
  };
  return {
    id: 'endless',
    async *list(request) {
      for await (const keys of keysBehind(request.after ?? '', request)) {
        yield keys.map((key) => ({ key, size: 1, etag: null, modifiedAtMs: 0, archived: false }));
      }
    },
    async *listFolders(request) {
      const { length } = request.prefix;
      for await (const keys of keysBehind('', request))
        yield keys.map((key) => key.slice(0, key.indexOf('/', length) + 1));
    },
    get: refuse,
    head: refuse,
    admit: refuse,
    async [Symbol.asyncDispose]() {},
  };
}
