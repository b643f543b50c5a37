import type { Kysely } from 'kysely';
import { type Differences, differencesOf } from './differences.ts';
import type { FixedQuery, Values } from './fixed-query.ts';
import type { Schema } from './schema.ts';

/** Reads that cannot make more than one query. */
const readsOfOne = new WeakSet<object>();

/** What makes a read of one query. None of its functions gets the database, so there can be no second query. */
export type OneQuery<Input extends readonly unknown[], Given extends Values, Row, Output> = {
  /** The query, or the one for this input. */
  readonly query: FixedQuery<Given, Row> | ((...input: Input) => FixedQuery<Given, Row>);
  /** Returns the values of the query. */
  readonly values: (differences: Differences, ...input: Input) => Given;
  readonly answer: (rows: readonly Row[], ...input: Input) => Output;
};

/** Makes a read of one query. As a step it needs no transaction: all that a query reads is of one state. */
export function oneQuery<Input extends readonly unknown[], Given extends Values, Row, Output>({
  query,
  values,
  answer,
}: OneQuery<Input, Given, Row, Output>): (database: Kysely<Schema>, ...input: Input) => Promise<Output> {
  const read = async (database: Kysely<Schema>, ...input: Input): Promise<Output> => {
    const chosen = typeof query === 'function' ? query(...input) : query;
    return answer(await chosen.all(database, values(differencesOf(database), ...input)), ...input);
  };
  readsOfOne.add(read);
  return read;
}

/** Whether `oneQuery` has made this function. */
export function isOfOneQuery(read: object): boolean {
  return readsOfOne.has(read);
}
