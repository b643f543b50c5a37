/** What a file says of one backup, and where. */
export type PlacedItem = {
  /** What stands before the name of a field to say where that is: `line 7, `, `sync[3].`. */
  readonly place: string;
  readonly value: unknown;
};
