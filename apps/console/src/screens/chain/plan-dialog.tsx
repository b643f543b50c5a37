import type { Backup, PlanSyncAnswer } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { callOptions } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { Badge, LevelBadge } from '../../parts/badges.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { FailureNotice, Notice } from '../../parts/notices.tsx';
import { millisecondsOf } from '../../words/amounts.ts';
import { actionWords, backupWords } from '../../words/chain.ts';
import { common } from '../../words/common.ts';

/** Shows what a sync of a recorded backup would do and cost. Nothing is changed. */
export function PlanDialog({ backup, onClose }: { readonly backup: Backup; readonly onClose: () => void }) {
  const plan = useQuery({
    ...callOptions(useProjectId(), 'planSync', { sync: [itemOf(backup)] }),
    // A plan costs requests to storage: one each time the dialog is opened, and none while it stays open.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const thrown = plan.error ?? plan.failureReason;
  return (
    <Dialog title={actionWords.planTitle} onClose={onClose}>
      {plan.data !== undefined ? (
        <Planned name={backup.name} answer={plan.data} />
      ) : thrown === null ? (
        <p role="status">{actionWords.planning}</p>
      ) : (
        <FailureNotice thrown={thrown} onRetry={() => void plan.refetch()} />
      )}
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          {common.close}
        </button>
      </div>
    </Dialog>
  );
}

/** The item of a sync request that imports a recorded backup again. */
function itemOf(backup: Backup) {
  return {
    backup_id: backup.id,
    backup_name: backup.name,
    bucket_name: backup.backup_sync.bucket_name,
    image_path: backup.backup_sync.image_path,
    resource_id: backup.resource_id,
    resource_name: backup.resource_name,
    resource_type: backup.resource_type,
    created_at: Math.floor(millisecondsOf(backup.protected_at) / 1000),
  };
}

function Planned({ name, answer }: { readonly name: string; readonly answer: PlanSyncAnswer }) {
  const [item] = answer.plan;
  if (item === undefined) return null;
  const { reason } = item;
  return (
    <>
      <div className="actions start">
        <Badge tone={reason === null ? 'good' : 'bad'}>{item.class}</Badge>
        <span className="name">{`${name} ${item.message}`}</span>
      </div>
      {reason !== null && (
        <Notice tone="bad">
          <p className="name">{reason.message}</p>
          <p>
            <strong>{backupWords.remedy}</strong> {reason.remedy}
          </p>
          <p className="foot">{backupWords.reason(reason.number)}</p>
        </Notice>
      )}
      <dl className="facts">
        <dt>{actionWords.planLevel}</dt>
        <dd>
          <LevelBadge level={item.level} />
        </dd>
        <dt>{actionWords.planCost}</dt>
        <dd>{`${actionWords.cost(answer.forecast)}, ${actionWords.seconds(answer.forecast.seconds)}`}</dd>
        <dt>{actionWords.planOwn}</dt>
        <dd>{actionWords.cost(answer.requests)}</dd>
      </dl>
    </>
  );
}
