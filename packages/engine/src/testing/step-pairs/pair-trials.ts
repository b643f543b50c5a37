import pg from 'pg';
import { openPostgresCatalogue } from '../../catalogue/postgres/open-postgres-catalogue.ts';
import { createMigratedDatabase } from '../postgres-catalogue.ts';
import { HeldSession, type Outcome } from './held-session.ts';
import { brokenInvariants } from './pair-invariants.ts';
import type { PairScenario } from './pair-scenario.ts';
import { pairScenarios } from './pair-scenarios.ts';
import { arrangePairs } from './pair-world.ts';
import { SavedState, sharesTable, type Uses, usesOf } from './saved-state.ts';

export type Pair = readonly [PairScenario, PairScenario];

/** Runs pairs of steps in one state of the catalogue, at the same time and one after the other. */
export class PairTrials implements AsyncDisposable {
  readonly scenarios: readonly PairScenario[];
  readonly #client: pg.Client;
  readonly #saved: SavedState;
  readonly #sessions: readonly [HeldSession, HeldSession];
  readonly #drop: () => Promise<void>;
  /** Number of runs of two steps at the same time. */
  trials = 0;

  private constructor(
    scenarios: readonly PairScenario[],
    client: pg.Client,
    saved: SavedState,
    sessions: readonly [HeldSession, HeldSession],
    drop: () => Promise<void>,
  ) {
    this.scenarios = scenarios;
    this.#client = client;
    this.#saved = saved;
    this.#sessions = sessions;
    this.#drop = drop;
  }

  static async open(): Promise<PairTrials> {
    const { url, drop } = await createMigratedDatabase();
    const { catalogue } = openPostgresCatalogue({ url, storeJobs: async () => {} });
    const scenarios = pairScenarios(await arrangePairs(catalogue));
    await catalogue[Symbol.asyncDispose]();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const saved = await SavedState.save(client, JSON.stringify(scenarios));
    return new PairTrials(scenarios, client, saved, [new HeldSession(url), new HeldSession(url)], drop);
  }

  /**
   * Returns the pairs, also of a step with itself, that share a table which one of them changes. Throws if a step fails
   * alone.
   */
  async pairs(): Promise<readonly Pair[]> {
    const [session] = this.#sessions;
    const uses: [PairScenario, Uses][] = [];
    for (const scenario of this.scenarios) {
      const outcome = await session.run(scenario, null).outcome;
      if ('error' in outcome) throw new Error(`${scenario.name} alone: ${outcome.error}`);
      uses.push([scenario, usesOf(session.statements)]);
      await this.#saved.restore(session.statements);
    }
    return uses.flatMap(([one, ofOne], index) =>
      uses.slice(index).flatMap(([other, ofOther]): Pair[] => (sharesTable(ofOne, ofOther) ? [[one, other]] : [])),
    );
  }

  /**
   * Holds each step of a pair before each of its statements that matters to the other, while the other runs as far as it
   * can. Returns what went wrong: the outcome is none that one order of the steps has, or the catalogue contradicts
   * itself.
   */
  async findFaults(pair: Pair): Promise<readonly string[]> {
    const faults: string[] = [];
    const inOrder = [await this.#inOrder(pair, false), await this.#inOrder(pair, true)];
    for (const { broken } of inOrder) {
      if (broken.length > 0) faults.push(`${namesOf(pair)}, one after the other: ${broken.join(', ')}`);
    }
    const expected = inOrder.map(({ found }) => found);
    for (const [index, isSwapped] of [false, true].entries()) {
      // Each step has run first in one of the orders, as if it were alone.
      const [ofHolder = [], ofOther = []] = inOrder[index]?.statements ?? [];
      for (const holdAt of placesToHold(ofHolder, [...ofOther, ...(inOrder[1 - index]?.statements[0] ?? [])])) {
        this.trials += 1;
        const found = await this.#atOnce(pair, isSwapped, holdAt);
        if (expected.includes(found)) continue;
        const held = pair[isSwapped ? 1 : 0].name;
        faults.push(`${namesOf(pair)}, ${held} held before statement ${holdAt}:\n${differences(found, expected)}`);
      }
    }
    return faults;
  }

  /** Returns how often steps have waited for each other, so that PostgreSQL ended one of them. */
  async deadlocks(): Promise<number> {
    const { rows } = await this.#client.query<{ deadlocks: number }>(
      'select deadlocks::integer from pg_stat_database where datname = current_database()',
    );
    return rows[0]?.deadlocks ?? 0;
  }

  /** Runs the steps of a pair one after the other. `statements` are those of the first, then of the second. */
  async #inOrder(pair: Pair, isSwapped: boolean) {
    const [one, other] = pair;
    const [ofOne, ofOther] = this.#sessions;
    const runs = [() => ofOne.run(one, null).outcome, () => ofOther.run(other, null).outcome];
    const outcomes: Outcome[] = [];
    for (const run of isSwapped ? runs.toReversed() : runs) outcomes.push(await run());
    const broken = await brokenInvariants(this.#client);
    const statements = this.#sessions.map((session) => session.statements);
    const found = await this.#end(isSwapped ? outcomes.toReversed() : outcomes);
    return { found, broken, statements: isSwapped ? statements.toReversed() : statements };
  }

  /** Runs the steps of a pair at the same time. One is held before its statement of this number. */
  async #atOnce(pair: Pair, isSwapped: boolean, holdAt: number): Promise<string> {
    const [one, other] = pair;
    const [held, free] = this.#sessions;
    const holding = held.run(isSwapped ? other : one, holdAt);
    await holding.stop;
    const running = free.run(isSwapped ? one : other, null);
    await this.#untilBlockedOrSettled(running.outcome, free);
    holding.resume();
    const outcomes = [await holding.outcome, await running.outcome];
    return await this.#end(isSwapped ? outcomes.toReversed() : outcomes);
  }

  async #untilBlockedOrSettled(outcome: Promise<Outcome>, session: HeldSession): Promise<void> {
    let isSettled = false;
    void outcome.then(() => {
      isSettled = true;
    });
    while (!isSettled) {
      const { rows } = await this.#client.query<{ blocked: boolean }>(
        'select cardinality(pg_blocking_pids($1)) > 0 as blocked',
        [session.processId],
      );
      if (rows[0]?.blocked) return;
    }
  }

  /** Returns what two steps came to and have changed, and restores the state before them. */
  async #end(outcomes: readonly Outcome[]): Promise<string> {
    const statements = this.#sessions.flatMap((session) => session.statements);
    const lines = outcomes.map((outcome) => this.#saved.normalise(JSON.stringify(outcome)));
    const found = [...lines, await this.#saved.changes(statements)].join('\n');
    await this.#saved.restore(statements);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) await session[Symbol.asyncDispose]();
    await this.#client.end();
    await this.#drop();
  }
}

function namesOf([one, other]: Pair): string {
  return `${one.name} and ${other.name}`;
}

const locking = /pg_advisory/;

/**
 * The numbers of the statements before which a step is held: those that the other step can see or influence, locks, and
 * the commit. Before any other statement, it makes no difference that the other step comes between.
 */
function placesToHold(statements: readonly string[], ofOther: readonly string[]): readonly number[] {
  const uses = usesOf(ofOther);
  const locks = ofOther.some((statement) => locking.test(statement));
  return statements.flatMap((statement, index) => {
    const matters =
      (locks && locking.test(statement)) || sharesTable(usesOf([statement]), uses) || statement === 'commit';
    return index > 0 && matters ? [index] : [];
  });
}

/** The lines that are in no order's outcome, after the lines of the nearest order that are missing. */
function differences(found: string, expected: readonly string[]): string {
  const lines = found.split('\n');
  const described = expected.map((text) => {
    const wanted = text.split('\n');
    const missing = wanted.filter((line) => !lines.includes(line)).map((line) => `- ${line}`);
    return [...missing, ...lines.filter((line) => !wanted.includes(line)).map((line) => `+ ${line}`)];
  });
  return described.toSorted((one, other) => one.length - other.length)[0]?.join('\n') ?? '';
}
