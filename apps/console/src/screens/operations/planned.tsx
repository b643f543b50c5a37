import type { PlanClass, PlannedItem } from '@backup-sync/contracts';
import { Badge, LevelBadge } from '../../parts/badges.tsx';
import { planClasses, operations as words } from '../../words/operations.ts';

/** How a plan classifies a backup, with what that means on hover. */
export function ClassBadge({ planned }: { readonly planned: PlanClass }) {
  const { tone, meaning } = planClasses[planned];
  return (
    <Badge tone={tone} title={meaning}>
      {planned}
    </Badge>
  );
}

type WouldDoProps = { readonly planned: Pick<PlannedItem, 'message' | 'level'> };

/** What an import would do with a backup, and how far it is proved without one. */
export function WouldDo({ planned: { message, level } }: WouldDoProps) {
  return (
    <>
      <div className="name">{message}</div>
      {level !== null && (
        <div className="quiet small">
          {words.levelNow} <LevelBadge level={level} />
        </div>
      )}
    </>
  );
}
