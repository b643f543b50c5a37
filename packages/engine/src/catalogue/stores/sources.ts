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

/** Sources, as people set them up. */
export const sourceSteps = {
  /** Adds a source, unless the project has one of this name. */
  addSource: auditedStep(addSource, {
    isDone: (added) => added === 'added',
    made: (_, [{ id }]) => [{ field: 'source_id', value: id }],
  }),
  /** Plans no more runs of a source; null if there is no such source. */
  pauseSource: auditedStep(pauseSource, { isDone: (source) => source !== null }),
  /** Plans a run at once if the source has an interval. Changes nothing if it is not paused; null if there is none. */
  resumeSource: auditedStep(resumeSource, { isDone: (source) => source !== null }),
  /**
   * Changes a source; null if there is none. Drops the members outside a new prefix without marking them, and cancels a
   * run that lists the old one. Answers what has ended with it.
   */
  updateSource: {
    ...auditedStep(updateSource, { isDone: (updated) => updated !== null }),
    notesTransitions: true,
  },
  /**
   * Removes a source, cancels its runs and answers which have ended; null if there is none. Its records stay, and become
   * those of their oldest other source, or of none.
   */
  removeSource: {
    ...auditedStep(removeSource, { isDone: (ended) => ended !== null }),
    notesTransitions: true,
  },
  /** The sources of a project, by name. */
  listSources: { access: 'read', run: listSources },
  /** A source; null if there is none. */
  showSource: { access: 'read', run: showSource },
  /** The sources of all projects that are to run by now. */
  dueSources: { access: 'read', run: dueSources },
  /** When the next run is planned, of all sources, milliseconds since 1970; null where none is. */
  nextRunAtMs: { access: 'read', run: nextRunAtMs },
  /**
   * Sums up the recorded members of each source that are not marked as gone, in the order of the ids. Of the resources
   * it answers `resourcesMax` at most.
   */
  contentsOf: { access: 'read', isLong: true, run: contentsOf },
  /** Those of these sources that have seen a backup of one of these resources. */
  sourcesOfResources: { access: 'read', isLong: true, run: sourcesOfResources },
} as const satisfies Record<string, Step>;
