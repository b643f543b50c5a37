import { idIn, operationSearch } from '../operations/operations-search.ts';

/** The steps of an import, in order. `bucket` takes the place of the others if a bucket is scanned. */
export const importSteps = ['choose', 'check', 'plan', 'import', 'bucket'] as const;
export type ImportStep = (typeof importSteps)[number];

/** The step of the screen, and what it shows, as the address has them. */
export type ImportSearch = {
  readonly step?: ImportStep;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly template?: string;
  /** Id of the operation that plans the bucket. */
  readonly plan?: string;
  /** A class of the plan. */
  readonly class?: string;
  readonly page?: number;
  /** The place in the items of the plan of a bucket: the `next` of the page before. */
  readonly after?: number;
};

/** Reads the step of any address. What is no step is ignored. */
export function importSearch(search: Readonly<Record<string, unknown>>): ImportSearch {
  const step = importSteps.find((each) => each === search.step);
  const texts = ['bucket', 'prefix', 'template', 'plan', 'class'].flatMap((name) => {
    const text = idIn(search[name]);
    return text === undefined ? [] : [[name, text]];
  });
  const { page } = search;
  return {
    ...(step !== undefined && { step }),
    ...Object.fromEntries(texts),
    ...operationSearch(search),
    ...(typeof page === 'number' && Number.isSafeInteger(page) && page > 1 && { page }),
  };
}
