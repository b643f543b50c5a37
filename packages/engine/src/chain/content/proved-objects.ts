import type { LinkData } from '../data.ts';
import type { ContentJob } from './content-job.ts';
import type { BatchResult, ContentRunner } from './prove-batch.ts';

/** The version of the check that proves contents by their digests. Raise it when it would judge one differently. */
export const contentCheckVersion = 'content/1';

/** Contents that were proved before. As long as their object is unchanged, they need not be read again for a while. */
export type ProvedObjects = {
  /** Finds those of these jobs whose contents were proved recently enough. */
  readonly find: (jobs: readonly ContentJob[]) => Promise<ReadonlySet<ContentJob>>;
  readonly keep: (jobs: readonly ContentJob[]) => Promise<void>;
  /** Forgets that these were ever proved: they are wrong now, although their object looks the same. */
  readonly drop: (jobs: readonly ContentJob[]) => Promise<void>;
};

/** Opens the memory for a link; null if all of it is read again. */
export type OpenProvedObjects = (link: LinkData) => ProvedObjects | null;

/** Proves what is not known to be proved. The counts of bytes in the result are those that were read. */
export async function proveUnknown(
  runner: ContentRunner,
  known: ProvedObjects | null,
  jobs: readonly ContentJob[],
): Promise<BatchResult> {
  if (known === null) return await runner.prove(jobs);
  const found = await known.find(jobs);
  const left = jobs.filter((job) => !found.has(job));
  if (left.length === 0) return { objects: jobs.length, storedBytes: 0, plainBytes: 0, failure: null };
  const result = await runner.prove(left);
  await known.keep(left.slice(0, result.objects));
  const failing = result.failure === null ? undefined : left[result.objects];
  if (failing !== undefined && result.failure?.kind === 'fault') await known.drop([failing]);
  return { ...result, objects: failing === undefined ? jobs.length : jobs.indexOf(failing) };
}
