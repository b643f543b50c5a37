import type { HookRecord, HookSighting } from '../catalogue/hook-records.ts';
import type { Log } from '../log-events.ts';
import type { Services } from '../services.ts';
import { problemKey, sightingOfEnd } from './sightings-of-ends.ts';

/** Transitions after which the cursor is stored even if none of them mattered. Far fewer than are kept. */
const storeCursorAfter = 20_000;

type OfHooks = {
  readonly catalogue: Pick<Services['catalogue'], 'hooks'>;
  readonly world: Pick<Services['world'], 'newId'>;
};

/**
 * Brings hooks up to date with the operations of their projects that have ended. Reads what the steps that ended them
 * have written, so that these steps do no work for hooks, however many operations fail at once.
 */
export class OperationFollower {
  readonly #services: OfHooks;
  readonly #log: Log;
  /** How far each hook has read. The stored cursor may be behind: nothing that mattered came after it. */
  readonly #read = new Map<string, { readonly from: number; readonly to: number }>();

  constructor(services: OfHooks, log: Log) {
    this.#services = services;
    this.#log = log;
  }

  /** Reads the transitions that a hook has not read yet, in pages. */
  async follow(hook: HookRecord, stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted && (await this.#readPage(hook.id, hook)));
  }

  /** Forgets the hooks that do not exist any more. */
  keepOnly(hookIds: ReadonlySet<string>): void {
    for (const id of this.#read.keys()) if (!hookIds.has(id)) this.#read.delete(id);
  }

  async #readPage(hookId: string, hook: HookRecord): Promise<boolean> {
    const { catalogue, world } = this.#services;
    const known = this.#read.get(hookId);
    const from = known?.from ?? hook.cursor;
    const page = await catalogue.hooks.operationEnds(hook.projectId, known?.to ?? from);
    if ('gone' in page) {
      this.#log(
        'hook.missed',
        `Hook ${hook.name} has missed operations that ended: they are no longer kept. It continues with the next ones.`,
        { project_id: hook.projectId, hook_id: hookId },
      );
      await this.#note(hookId, [], { from, to: page.newest });
      return false;
    }
    const sightings = page.ends.flatMap((end) => {
      const sighting = sightingOfEnd(end, world.newId);
      return sighting !== null && hook.events.includes(sighting.kind) ? [sighting] : [];
    });
    const effective = await this.#effective(hookId, sightings);
    if (effective.length > 0 || page.upTo - from >= storeCursorAfter) {
      await this.#note(hookId, effective, { from, to: page.upTo });
    } else this.#read.set(hookId, { from, to: page.upTo });
    return page.isFull;
  }

  /** Leaves out the successes of subjects that have no problem, which are most of all. */
  async #effective(hookId: string, sightings: readonly HookSighting[]): Promise<readonly HookSighting[]> {
    if (sightings.length === 0) return [];
    const open = new Set((await this.#services.catalogue.hooks.openSubjects(hookId)).map(problemKey));
    return sightings.filter((sighting) => {
      if (sighting.isOpen) open.add(problemKey(sighting));
      return open.has(problemKey(sighting));
    });
  }

  async #note(hookId: string, sightings: readonly HookSighting[], cursors: { from: number; to: number }) {
    const noted = await this.#services.catalogue.hooks.noteProblems({
      hookId,
      sightings,
      cursors,
      forgetBeforeMs: null,
    });
    // Another process has read further: begin again where it stored its cursor.
    if (noted === 'noted') this.#read.set(hookId, { from: cursors.to, to: cursors.to });
    else this.#read.delete(hookId);
  }
}
