import type { StorageUnit } from '../storage/port.ts';

/** Wraps a storage unit and records each requested page of a listing. */
export function logListings(unit: StorageUnit): { readonly unit: StorageUnit; readonly listings: string[] } {
  const listings: string[] = [];
  async function* eachPage<Page>(pages: AsyncIterable<Page>, name: string): AsyncGenerator<Page> {
    listings.push(name);
    let isFirst = true;
    for await (const page of pages) {
      if (!isFirst) listings.push(name);
      isFirst = false;
      yield page;
    }
  }
  return {
    unit: {
      id: unit.id,
      list: (request) => eachPage(unit.list(request), `objects of ${request.bucket}`),
      listFolders: (request) => eachPage(unit.listFolders(request), `folders of ${request.bucket}`),
      get: (request) => unit.get(request),
      head: (request) => unit.head(request),
      admit: (request) => unit.admit(request),
      async [Symbol.asyncDispose]() {},
    },
    listings,
  };
}
