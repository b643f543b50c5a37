import type { PlanClass } from '@backup-sync/contracts';
import { Badge } from '../../parts/badges.tsx';
import { planClasses } from '../../words/operations.ts';

/** How a plan classifies a backup, with what that means on hover. */
export function ClassBadge({ planned }: { readonly planned: PlanClass }) {
  const { tone, meaning } = planClasses[planned];
  return (
    <Badge tone={tone} title={meaning}>
      {planned}
    </Badge>
  );
}
