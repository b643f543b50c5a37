const shownMax = 20;

/** Promises that were broken in a round, with the evidence. */
export class Report {
  readonly #broken = new Map<string, { readonly evidence: string; count: number }>();

  /** Adds a broken promise. If it is broken again, only the first evidence is kept. */
  broken(promise: string, evidence: string): void {
    const known = this.#broken.get(promise);
    if (known === undefined) this.#broken.set(promise, { evidence, count: 1 });
    else known.count += 1;
  }

  /** Returns one line for each broken promise. */
  lines(): string[] {
    return [...this.#broken]
      .slice(0, shownMax)
      .map(([promise, { evidence, count }]) => `${promise}${count === 1 ? '' : ` (${count} times)`}: ${evidence}`);
  }
}

/** Formats a value as evidence: one line, shortened. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
