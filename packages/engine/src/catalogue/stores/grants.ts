import { addGrant, listGrants, removeGrant } from '../identity-steps/grants.ts';
import { auditedStep, type Step } from './step.ts';

/** The grants: which buckets each project may use. */
export const grantSteps = {
  /**
   * Adds a grant; one that exists stays unchanged.
   *
   * The first grant to a second project ends the grant of everything. Grants by name replace it, one for each bucket in
   * which its project has backups, sources or unfinished operations. Returns these grants; the list is empty if there
   * was nothing to end.
   */
  addGrant: { ...auditedStep(addGrant, { isDone: () => true }), identity: 'changed' },
  /** Removes a grant; false if there is none. */
  removeGrant: { ...auditedStep(removeGrant, { isDone: (isRemoved) => isRemoved }), identity: 'changed' },
  /** Returns the grants of one project, or of all with null, by project, storage unit, bucket and prefix. */
  listGrants: { access: 'read', run: listGrants },
} as const satisfies Record<string, Step>;
