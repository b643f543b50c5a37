/** A number with its noun, in the form that goes with it: `1 backup`, `2 backups`, `1,200 entries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** `1234567` as `1,234,567`, whatever the machine's language. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
