import type { Source } from '@backup-sync/contracts';
import { StatusBadge } from '../../parts/badges.tsx';
import { Time } from '../../parts/time.tsx';
import { capitalised } from '../../words/capitalised.ts';
import { sourcesWords as words } from '../../words/sources.ts';

/** How the newest run of a source ended, and why if that was not well. */
export function RunState({ run }: { readonly run: Source['last_run'] }) {
  if (run === null) return <span className="quiet">{words.never}</span>;
  return (
    <div className="run-state">
      <div className="run-result">
        <StatusBadge status={run.status} />
        <Time at={run.ended_at} otherwise={words.runsNow} />
      </div>
      {run.reason !== null && (
        <div className="quiet reason" title={`${run.reason.message} ${run.reason.remedy}`}>
          {capitalised(run.reason.message)}
        </div>
      )}
    </div>
  );
}
