import type { BucketPlanItem } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { findingsPage } from '../tasks/findings-page.ts';

/** Pages through what a plan says of a bucket, in the order of planning, while it runs or after. */
export const listPlanItems: CallHandler<'listPlanItems'> = async (context, input) => {
  const { found, ...page } = await findingsPage(context, 'plan', input);
  // Written by the plan alone, so they have this shape.
  return { ...page, plan: found as unknown as BucketPlanItem[] };
};
