/** The value below which this share of the values is; `share` from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? Number.NaN;
}

/** z of the normal distribution for the middle 99 %. */
const z99 = 2.5758;

export type PairedDifference = { readonly median: number; readonly low: number; readonly high: number };

/**
 * The median of the differences of two series that were measured in the same rounds, with its 99 % confidence interval.
 * The interval comes from the sign test, which uses only ranks. So it assumes nothing about the distribution of times,
 * and a slow round does not matter.
 */
export function pairedDifference(values: readonly number[], baseline: readonly number[]): PairedDifference {
  const differences = values.map((value, round) => value - (baseline[round] ?? Number.NaN)).sort((a, b) => a - b);
  const count = differences.length;
  const reach = (z99 * Math.sqrt(count)) / 2;
  const at = (rank: number) => differences[Math.max(0, Math.min(count - 1, rank))] ?? Number.NaN;
  return {
    median: quantile(differences, 0.5),
    low: at(Math.floor(count / 2 - reach)),
    high: at(Math.ceil(count / 2 + reach)),
  };
}
