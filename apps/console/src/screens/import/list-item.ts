/** One item of a list, and its place there. */
export type ListItem = {
  /** Place of the item: `row 3`, `line 7`, `sync[3]`. */
  readonly place: string;
  readonly value: unknown;
  /** The column of each field by its letter, in a table. */
  readonly columns?: ReadonlyMap<string, string>;
  /** Why it is no item, if its form alone shows that. */
  readonly problem?: string;
};

/** Takes the items of a list one by one. */
export type TakeItem = (item: ListItem) => void;

/** The text is no list of backups. The message says where and why. */
export class NoListError extends Error {
  override readonly name = 'NoListError';
}

/** An item has eight short fields: a line or row that is longer is none. */
export const itemMaxCharacters = 1024 * 1024;
