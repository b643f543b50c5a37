import type { Kysely } from 'kysely';
import { fixedQuery } from '../fixed-query.ts';
import type { Actor, Lane } from '../operation-records.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';

/**
 * Maximum number of unfinished interactive operations of one caller. More become mass work, however they are sent.
 * Steps that run at the same time do not count each other's, so that calls of one caller need not wait for each other.
 */
const interactiveMax = 50;

const unfinishedFor = fixedQuery((database, { interactiveFor }: { interactiveFor: string }) =>
  database
    .selectFrom('operations')
    .where('interactive_for', '=', interactiveFor)
    .where('ended_at_ms', 'is', null)
    .select(({ fn }) => fn.countAll().as('count')),
);

/** Chooses the lanes of several operations of an actor, in the order of the calls. */
export class LaneChoice {
  /** The value of `interactive_for` for interactive work of this actor. */
  readonly interactiveFor: string;
  readonly #wanted: Lane | null;
  #room: number;

  private constructor(interactiveFor: string, wanted: Lane | null, room: number) {
    this.interactiveFor = interactiveFor;
    this.#wanted = wanted;
    this.#room = room;
  }

  /** With `wanted` null, the lane depends on how many interactive operations the actor has unfinished. */
  static async open(database: Kysely<Schema>, { kind, name }: Actor, wanted: Lane | null): Promise<LaneChoice> {
    const interactiveFor = `${kind}:${name}`;
    if (wanted !== null) return new LaneChoice(interactiveFor, wanted, 0);
    const unfinished = await unfinishedFor.first(database, { interactiveFor });
    return new LaneChoice(interactiveFor, wanted, interactiveMax - Number(unfinished?.count ?? 0));
  }

  /** Returns the lane of the next operation. */
  take(): Lane {
    if (this.#wanted !== null) return this.#wanted;
    if (this.#room <= 0) return 'mass';
    this.#room -= 1;
    return 'interactive';
  }

  /** Does the same as {@link take}, but returns the value of the column `interactive_for`. */
  takeColumn(): string | null {
    return this.take() === 'interactive' ? this.interactiveFor : null;
  }
}

/** Makes operations interactive work of the caller that `interactiveFor` names. */
export async function raiseLane(
  database: Kysely<Schema>,
  operations: readonly { readonly id: string }[],
  interactiveFor: string,
): Promise<void> {
  for (const some of chunks(operations)) {
    await database
      .updateTable('operations')
      .set({ interactive_for: interactiveFor })
      .where(
        'id',
        'in',
        some.map(({ id }) => id),
      )
      .execute();
  }
}
