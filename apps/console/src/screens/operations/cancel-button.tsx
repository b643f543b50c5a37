import type { Operation } from '@backup-sync/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { callOptions, mutate } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { announce } from '../../parts/announcements.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { FailureNotice } from '../../parts/notices.tsx';
import { operationKindWords } from '../../words/common.ts';
import { cancelMeanings, operations as words } from '../../words/operations.ts';

/** Cancels an operation. Asks first if it runs: what it has done so far may be lost. */
export function CancelButton({ operation: { id, kind, status, cancel_requested } }: { readonly operation: Operation }) {
  const projectId = useProjectId();
  const queryClient = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const name = operationKindWords[kind];
  const cancellation = useMutation({
    mutationFn: () => mutate(projectId, 'cancelOperation', { operation_id: id }),
    onSuccess: (answer) => {
      queryClient.setQueryData(callOptions(projectId, 'showOperation', { operation_id: id }).queryKey, answer);
      setAsking(false);
      announce(words.cancelled(name));
    },
  });
  const meaning = cancelMeanings[kind];
  if (meaning === null) return null;
  const ask = () => (status === 'running' ? setAsking(true) : cancellation.mutate());
  return (
    <>
      <button
        type="button"
        className="button danger"
        disabled={cancel_requested || cancellation.isPending}
        onClick={ask}
      >
        {cancel_requested ? words.cancelling : words.cancel}
      </button>
      {cancellation.error !== null && !isAsking && <FailureNotice thrown={cancellation.error} />}
      {isAsking && (
        <Dialog title={words.cancelTitle(name)} onClose={() => setAsking(false)}>
          <p>{meaning}</p>
          {cancellation.error !== null && <FailureNotice thrown={cancellation.error} />}
          <div className="actions">
            <button type="button" className="button" onClick={() => setAsking(false)}>
              {words.keep}
            </button>
            <button
              type="button"
              className="button danger"
              disabled={cancellation.isPending}
              onClick={() => cancellation.mutate()}
            >
              {words.cancel}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
