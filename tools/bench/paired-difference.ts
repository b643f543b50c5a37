/** The value below which a share of them lies; `share` from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? Number.NaN;
}

/** z of the normal distribution for 99 % in the middle. */
const z99 = 2.5758;

export type PairedDifference = { readonly median: number; readonly low: number; readonly high: number };

/**
 * The median of the differences of two things that were measured in the same rounds, with an interval that holds it with
 * 99 % confidence. It is that of the sign test, from ranks alone: nothing is supposed of how times are distributed, and
 * what a whole round suffers falls out.
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
