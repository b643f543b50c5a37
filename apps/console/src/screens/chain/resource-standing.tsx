import type { Resource, VerificationLevel } from '@backup-sync/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { mutate } from '../../api/calls.ts';
import { queryClient } from '../../api/query-client.ts';
import { useProjectId } from '../../api/session.ts';
import { announce } from '../../parts/announcements.tsx';
import { Badge } from '../../parts/badges.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { FailureNotice } from '../../parts/notices.tsx';
import { useNowMs } from '../../parts/time.tsx';
import { millisecondsOf, relativeTime } from '../../words/amounts.ts';
import { chainWords, resourceSentences } from '../../words/chain.ts';
import { common } from '../../words/common.ts';
import { type AgeLimit, ageLimits, type RowStanding, rowStandingWords } from '../../words/overview.ts';
import { standingOf, standingTones } from '../overview/resource-state.ts';

type Judged = {
  readonly resource: Resource;
  /** The level that counts as proved. */
  readonly level: VerificationLevel;
  /** The maximum age of the newest proved backup; undefined for any. */
  readonly age: AgeLimit | undefined;
};

/** Says how a resource stands. */
export function ResourceStanding(judged: Judged) {
  const nowMs = useNowMs();
  const { resource, age } = judged;
  const standing = standingOf(resource, age === undefined ? null : ageLimits[age].seconds);
  return (
    <div className="resource-standing">
      <Badge tone={standingTones[standing]}>{rowStandingWords[standing]}</Badge>
      <span>{sentencesOf(judged, standing, nowMs).join(' ')}</span>
    </div>
  );
}

function sentencesOf({ resource, level, age }: Judged, standing: RowStanding, nowMs: number): readonly string[] {
  const { retired_at: retiredAt, newest_proved_at: provedAt, recent } = resource;
  const before = (time: string) => relativeTime(millisecondsOf(time), nowMs);
  const failed = recent?.failed_since ?? 0;
  const retired = retiredAt === null ? [] : [resourceSentences.retired(before(retiredAt))];
  if (provedAt === null) {
    const failures = failed === 0 ? [] : [resourceSentences.failed(failed)];
    return [...retired, resourceSentences.unproved(level), ...failures];
  }
  const verifiedAt = recent?.newest_proved_verified_at ?? provedAt;
  const proved = resourceSentences.proved(before(provedAt), recent?.newest_proved_level ?? level, before(verifiedAt));
  const late = standing === 'late' && age !== undefined ? [resourceSentences.late(ageLimits[age].words)] : [];
  return [...retired, proved, ...late, ...(failed === 0 ? [] : [resourceSentences.failedSince(failed)])];
}

/** Retires a resource after a question, or ends its retirement. */
export function RetireButton({ resource }: { readonly resource: Resource }) {
  const projectId = useProjectId();
  const [isAsking, setAsking] = useState(false);
  const { resource_id, retired_at: retiredAt } = resource;
  const isRetired = retiredAt !== null;
  const change = useMutation({
    mutationFn: () => mutate(projectId, isRetired ? 'unretireResource' : 'retireResource', { resource_id }),
    onSuccess: async () => {
      announce(isRetired ? chainWords.unretiredNow : chainWords.retiredNow);
      setAsking(false);
      for (const name of ['listResources', 'showStanding']) {
        await queryClient.invalidateQueries({ queryKey: [name, projectId] });
      }
    },
  });
  const close = () => {
    setAsking(false);
    change.reset();
  };
  return (
    <>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {isRetired ? chainWords.unretire : chainWords.retire}
      </button>
      {isAsking && (
        <Dialog title={isRetired ? chainWords.unretireTitle : chainWords.retireTitle} onClose={close}>
          <p>{isRetired ? chainWords.unretireSentence : chainWords.retireSentence}</p>
          {change.error !== null && <FailureNotice thrown={change.error} />}
          <div className="actions">
            <button type="button" className="button" onClick={close}>
              {common.cancel}
            </button>
            <button type="button" className="button main" disabled={change.isPending} onClick={() => change.mutate()}>
              {isRetired ? chainWords.unretire : chainWords.retire}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
