import {
  addSource,
  dueSources,
  listSources,
  nextRunAtMs,
  planSource,
  removeSource,
  showSource,
} from '../steps/sources.ts';
import { updateSource } from '../steps/update-source.ts';
import { contentsOf, sourcesOfResources } from '../steps/vaults.ts';
import type { Step } from './step.ts';

/** Sources, as people set them up. */
export const sourceSteps = {
  /** Adds a source, unless the project has one of this name. */
  addSource: { access: 'write', run: addSource },
  /** Says when a source runs next, or that it is paused; null if there is no such source. */
  planSource: { access: 'write', run: planSource },
  /**
   * Changes a source; null if there is none. Drops the members outside a new prefix without marking them, and cancels a
   * run that lists the old one. Answers what has ended with it.
   */
  updateSource: { access: 'write', notesTransitions: true, run: updateSource },
  /**
   * Removes a source, cancels its runs and answers which have ended; null if there is none. Its records stay, and become
   * those of their oldest other source, or of none.
   */
  removeSource: { access: 'write', notesTransitions: true, run: removeSource },
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
