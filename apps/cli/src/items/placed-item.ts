/** One item of a file, and its place there. */
export type PlacedItem = {
  /** Names the place of a field, or of the whole item for null: `line 7, created_at`, `sync[3].created_at`. */
  readonly placeOf: (field: string | null) => string;
  readonly value: unknown;
  /** Why it is not an item, if its form alone shows that. */
  readonly problem?: string;
};
