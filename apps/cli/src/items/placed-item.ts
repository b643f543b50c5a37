/** What a file says of one backup, and where. */
export type PlacedItem = {
  /** Names the place of a field, or of the whole item for null: `line 7, created_at`, `sync[3].created_at`. */
  readonly placeOf: (field: string | null) => string;
  readonly value: unknown;
  /** Why it is no item, if its form alone shows that. */
  readonly problem?: string;
};
