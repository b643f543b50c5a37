/** Suffixes of Kubernetes quantities and their factors. Those below one are left out: no size in bytes has them. */
const factors: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
]);

const quantityPattern = /^(\+?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,2})?)([A-Za-z]{0,2})$/;

/**
 * Parses a Kubernetes quantity such as `2Mi`, `2097152` or `2e6` to bytes; null if it is not a whole number of bytes.
 */
export function parseQuantity(text: string): number | null {
  const [, number, suffix] = quantityPattern.exec(text) ?? [];
  const factor = factors.get(suffix ?? '');
  if (number === undefined || factor === undefined) return null;
  const bytes = Number(number) * factor;
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : null;
}
