import type { StorageUnit } from './port.ts';

/** Requests that one job made to storage, and bytes of objects that it read. */
export type RequestCount = { readonly lists: number; readonly gets: number; readonly bytesRead: number };

/**
 * Counts the requests through a storage unit from here on. Each page of a listing counts as one list, each `get` and
 * `head` as one get; bytes count as they are read. Admitted requests of other clients count in the same way, their
 * bytes once read. Failed requests count. Retries within a driver do not. Closing the counted unit leaves `unit` open.
 */
export function countRequests(unit: StorageUnit): { readonly unit: StorageUnit; count(): RequestCount } {
  let lists = 0;
  let gets = 0;
  let bytesRead = 0;

  async function* countBytes(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      bytesRead += chunk.length;
      yield chunk;
    }
  }

  async function* countPages<Page>(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
    try {
      for await (const page of pages) {
        lists += 1;
        yield page;
      }
    } catch (error) {
      lists += 1;
      throw error;
    }
  }

  const counted: StorageUnit = {
    id: unit.id,
    listsRanges: unit.listsRanges,
    list: (request) => countPages(unit.list(request)),
    listFolders: (request) => countPages(unit.listFolders(request)),
    async get(request) {
      gets += 1;
      const content = await unit.get(request);
      return { ...content, body: countBytes(content.body) };
    },
    head(request) {
      gets += 1;
      return unit.head(request);
    },
    async admit(request) {
      if (request.kind === 'list') lists += 1;
      else gets += 1;
      const note = await unit.admit(request);
      return (bytes) => {
        bytesRead += bytes;
        note(bytes);
      };
    },
    async [Symbol.asyncDispose]() {},
  };
  return { unit: counted, count: () => ({ lists, gets, bytesRead }) };
}
