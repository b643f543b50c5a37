/** A server on loopback that answers for an address that pages name. */
export type StandIn = AsyncDisposable & {
  readonly endpoint: string;
  /** What else pages name, by what stands for it. */
  readonly replaced?: ReadonlyMap<string, string>;
  /** Variables that the commands of the page need to reach it. */
  readonly environment?: Readonly<Record<string, string>>;
};
