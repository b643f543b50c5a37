import { addGrant, listGrants, removeGrant } from '../identity-steps/grants.ts';
import { auditedStep, type Step } from './step.ts';

/** Which buckets belong to which projects. */
export const grantSteps = {
  /**
   * Adds a grant. The grant of everything ends with a second project: a grant to another project puts grants by name in
   * its place, of the buckets that its project has backups, sources or unfinished operations in. Answers these; an
   * empty list where there was nothing to end.
   */
  addGrant: auditedStep(addGrant, { isDone: () => true }),
  /** Removes a grant; false if there is none. */
  removeGrant: auditedStep(removeGrant, { isDone: (isRemoved) => isRemoved }),
  /** The grants of one project, or all with null; by project, bucket and prefix. */
  listGrants: { access: 'read', run: listGrants },
} as const satisfies Record<string, Step>;
