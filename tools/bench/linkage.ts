import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figure } from './figure.ts';
import type { ChainSize } from './generated-chain.ts';
import { quantile } from './paired-difference.ts';

const run = promisify(execFile);

/** Seconds that passed, and those of CPU in all threads. */
export type Cost = { readonly passed: number; readonly cpu: number };

export type LinkageCosts = {
  /** A plain loop over both hash files, in a process each. */
  readonly plain: readonly Cost[];
  readonly proof: readonly Cost[];
  readonly peakMiB: number;
};

/**
 * Measures the proof of a generated chain to linkage, next to a plain loop on two cores that reads the same hash files.
 * `bytes` is their size together. Both are measured in turn, `pairs` times; the figures are the medians.
 */
export async function measureLinkage(
  directory: string,
  size: ChainSize,
  bytes: number,
  pairs: number,
): Promise<readonly Figure[]> {
  const script = join(import.meta.dirname, 'measure-linkage.ts');
  const options = ['--directory', directory, '--size', JSON.stringify(size), '--pairs', String(pairs)];
  const { stdout } = await run(process.execPath, ['--conditions=@backup-sync/source', script, ...options]);
  const { plain, proof, peakMiB }: LinkageCosts = JSON.parse(stdout);
  const rate = (costs: readonly Cost[]) =>
    bytes /
    1e6 /
    quantile(
      costs.map(({ passed }) => passed),
      0.5,
    );
  const cpu = (costs: readonly Cost[]) =>
    quantile(
      costs.map((cost) => cost.cpu),
      0.5,
    ) /
    (bytes / 1e12);
  return [
    {
      name: 'linkage',
      value: rate(proof),
      unit: 'MB/s',
      beside: { name: 'plain loop on two cores', value: rate(plain) },
      target: { atLeast: 0.5 },
    },
    { name: 'its CPU', value: cpu(proof), unit: 'ms/GB', beside: { name: 'plain loop', value: cpu(plain) } },
    { name: 'its peak memory', value: peakMiB, unit: 'MiB' },
  ];
}
