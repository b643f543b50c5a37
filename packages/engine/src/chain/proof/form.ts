import type { EdgeProof, Form } from './link.ts';

/** The form of a backup whose format has everything that a replay compares. */
export const wholeForm: Form = { ceiling: 'replay', gaps: [] };

/** The form of a backup with more objects than are compared with a listing. */
export const tooManyObjectsForm: Form = { ceiling: 'metadata', gaps: ['too_many_objects'] };

/**
 * The proof with its form, if an earlier release made it. If nothing kept that proof from the highest level of its
 * format, `whole` is its form. Null if only another proof can tell.
 */
export function withForm(proof: EdgeProof, whole: Form): EdgeProof | null {
  // A fault says why the level is not reached, whatever the form is.
  if (proof.form !== null || proof.fault !== null) return proof;
  return proof.limit === null ? { ...proof, form: whole } : null;
}
