/** A server on loopback that replaces one at an address in the pages. */
export type StandIn = AsyncDisposable & {
  readonly endpoint: string;
  /** Replacements for other names in the pages. */
  readonly replaced?: ReadonlyMap<string, string>;
  /** Environment variables with which the page's commands reach it. */
  readonly environment?: Readonly<Record<string, string>>;
};
