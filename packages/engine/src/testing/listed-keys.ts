import { compareKeys } from '../storage/key-order.ts';
import { listPageEntriesMax, StorageError, type StorageUnit } from '../storage/port.ts';

/** A storage unit in which every bucket lists these keys and nothing can be read, for listings of any size. */
export function listKeys(unsorted: Iterable<string>): StorageUnit {
  const keys = [...unsorted].sort(compareKeys);
  const refuse = async () => {
    throw new StorageError('access_denied', 'this storage unit has only keys');
  };
  return {
    id: 'keys',
    async *list({ prefix, after = '' }) {
      const listed = keys.filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0);
      for (let from = 0; from === 0 || from < listed.length; from += listPageEntriesMax) {
        const page = listed.slice(from, from + listPageEntriesMax);
        yield page.map((key) => ({ key, size: 1, etag: null, modifiedAtMs: 0, archived: false }));
      }
    },
    async *listFolders({ prefix }) {
      const inFolders = keys.filter((key) => key.startsWith(prefix) && key.includes('/', prefix.length));
      const folders = [...new Set(inFolders.map((key) => key.slice(0, key.indexOf('/', prefix.length) + 1)))];
      for (let from = 0; from === 0 || from < folders.length; from += listPageEntriesMax) {
        yield folders.slice(from, from + listPageEntriesMax);
      }
    },
    get: refuse,
    head: refuse,
    admit: refuse,
    async [Symbol.asyncDispose]() {},
  };
}
