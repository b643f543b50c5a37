import { addGrant, listGrants, removeGrant } from '../identity-steps/grants.ts';
import type { Step } from './step.ts';

/** Which buckets belong to which projects. */
export const grantSteps = {
  /**
   * Adds a grant. The grant of everything ends with a second project: a grant to another project puts grants by name in
   * its place, of the buckets that its project has backups, sources or unfinished operations in. Answers these; an
   * empty list where there was nothing to end.
   */
  addGrant: { access: 'write', run: addGrant },
  /** Removes a grant; false if there is none. */
  removeGrant: { access: 'write', run: removeGrant },
  /** The grants of one project, or all with null; by project, bucket and prefix. */
  listGrants: { access: 'read', run: listGrants },
} as const satisfies Record<string, Step>;
