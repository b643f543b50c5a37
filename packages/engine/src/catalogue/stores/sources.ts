import {
  addSource,
  dueSources,
  listSources,
  nextRunAtMs,
  pauseSource,
  removeSource,
  resumeSource,
  showSource,
} from '../steps/sources.ts';
import { updateSource } from '../steps/update-source.ts';
import { contentsOf, sourcesOfResources } from '../steps/vaults.ts';
import { auditedStep, type Step } from './step.ts';

/** The sources, as people configure them. */
export const sourceSteps = {
  /** Adds a source, or changes nothing and returns `name_taken` if the project has one with this name. */
  addSource: auditedStep(addSource, {
    isDone: (added) => added === 'added',
    made: (_, [{ id }]) => [{ field: 'source_id', value: id }],
  }),
  /** Pauses a source: no more runs are planned. Returns null if there is no such source. */
  pauseSource: auditedStep(pauseSource, { isDone: (source) => source !== null }),
  /**
   * Resumes a paused source, and plans a run immediately if it has an interval. Changes nothing if the source is not
   * paused; null if there is none.
   */
  resumeSource: auditedStep(resumeSource, { isDone: (source) => source !== null }),
  /**
   * Changes a source; null if there is none. With a new prefix, the members outside it are dropped without being
   * marked, and a run that lists the old prefix is cancelled. Returns the source and what has ended.
   */
  updateSource: {
    locks: ['source', 'backup', 'resource'],
    ...auditedStep(updateSource, { isDone: (updated) => updated !== null }),
    notesTransitions: true,
  },
  /**
   * Removes a source, cancels its runs and returns those that have ended; null if there is none. Its records stay: each
   * now belongs to its oldest other source, or to none.
   */
  removeSource: {
    locks: ['backup', 'resource'],
    ...auditedStep(removeSource, { isDone: (ended) => ended !== null }),
    notesTransitions: true,
  },
  /** Returns the sources of a project, by name. */
  listSources: { access: 'read', run: listSources },
  /** Returns a source; null if the project has none with this id. */
  showSource: { access: 'read', run: showSource },
  /** Returns the sources of all projects whose planned run is due, earliest first. */
  dueSources: { access: 'read', run: dueSources },
  /** Returns when the next run of any source is planned, in milliseconds since 1970; null if none is. */
  nextRunAtMs: { access: 'read', run: nextRunAtMs },
  /**
   * Sums up the recorded members of each source, in the order of the given ids. Records marked vanished are left out.
   * The sums cover all resources; of the resources themselves, each source lists at most `resourcesMax`.
   */
  contentsOf: { access: 'read', isLong: true, run: contentsOf },
  /** Returns the sources among these that have seen a backup of one of these resources. */
  sourcesOfResources: { access: 'read', isLong: true, run: sourcesOfResources },
} as const satisfies Record<string, Step>;
