import type { RequestCount } from '../catalogue/operation-records.ts';
import type { StorageUnit } from './port.ts';

/**
 * Counts what is asked of a storage unit from here on: each page of a listing as one list, each `get` and `head` as
 * one get, bytes as they are read, and
 * what other clients have admitted likewise, its bytes when they have been read. Calls that fail count; a driver's own retries do not show. Closing the counted unit
 * leaves the other open.
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
