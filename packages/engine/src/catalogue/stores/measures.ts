import { measureCatalogue } from '../steps/measure-catalogue.ts';
import type { Step } from './step.ts';

/** What monitoring asks. */
export const measureSteps = {
  /**
   * Measures the catalogue, for all projects. It reads counts that the database keeps, the sources, the outages, and a
   * few rows for each resource up to the limit, but no backups or operations of which there may be any number.
   *
   * If there are more resources than the limit, each project has an equal share of it, and a project that needs less
   * leaves the rest to the others. Within a project, resources in the state `failed` come first, then the worst, see
   * `listWorstResources`. Retired resources do not count as dropped.
   */
  measureCatalogue: { access: 'read', isLong: true, run: measureCatalogue },
} as const satisfies Record<string, Step>;
