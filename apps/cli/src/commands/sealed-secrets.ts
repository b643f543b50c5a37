import { counted } from '@backup-sync/contracts';
import type { Moved } from '@backup-sync/engine/catalogue-move';

/** What sealed secrets belong to, such as `2 access keys and 1 hook`; null if there are none. */
export function ownersOf({ accessKeys, hooks }: Moved['sealed']): string | null {
  const owners = [
    ...(accessKeys > 0 ? [counted(accessKeys, 'access key')] : []),
    ...(hooks > 0 ? [counted(hooks, 'hook')] : []),
  ];
  return owners.length === 0 ? null : owners.join(' and ');
}
