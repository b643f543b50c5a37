import { describeReason } from '@backup-sync/contracts';
import { printable } from '../../quote.ts';
import { isOfAccess } from './lasting-fault.ts';
import type { Fault } from './link.ts';

/**
 * The fault that a backup has because of this fault of an ancestor. An ancestor that could not be read, or changed
 * meanwhile, is not known to be broken.
 */
export function faultOfDescendant(
  ancestor: { readonly backupId: string; readonly imagePath: string },
  { code, detail }: Fault,
): Fault {
  // It names the link at fault already.
  if (code === 'parent_broken') return { code, detail };
  const place = `link ${ancestor.backupId} (${printable(ancestor.imagePath)})`;
  if (isOfAccess(code) || code === 'changed_while_read') return { code, detail: `${place}: ${detail}` };
  return { code: 'parent_broken', detail: `${place}: ${describeReason(code, detail).message}` };
}
