import type { Backup, DataLevel } from '@backup-sync/contracts';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { mutate } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FailureNotice } from '../../parts/notices.tsx';
import { actionWords, dataLevelWords } from '../../words/chain.ts';
import { common } from '../../words/common.ts';
import type { Relatives } from './recorded-link.ts';

type VerifyDialogProps = {
  readonly backup: Backup;
  readonly relatives: Relatives;
  readonly onClose: () => void;
};

const dataLevels = Object.keys(dataLevelWords) as DataLevel[];

/** Asks to which level, says what it costs, and starts a verification. */
export function VerifyDialog({ backup, relatives, onClose }: VerifyDialogProps) {
  const projectId = useProjectId();
  const [level, setLevel] = useState<DataLevel>('content');
  const verify = useMutation({ mutationFn: () => mutate(projectId, 'verifyBackup', { backup_id: backup.id, level }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    verify.mutate();
  };
  if (verify.data !== undefined) {
    return (
      <Dialog title={actionWords.verifyTitle} onClose={onClose}>
        <p role="status">{verify.data.joined ? actionWords.joined : actionWords.started}</p>
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            {common.close}
          </button>
          <Link
            to="/operations/$operationId"
            params={{ operationId: verify.data.operation_id }}
            className="button main"
            // The button that had the focus is gone.
            ref={(link) => link?.focus()}
          >
            {actionWords.follow}
          </Link>
        </div>
      </Dialog>
    );
  }
  const cost = relatives.isComplete ? actionWords.verifyCost : actionWords.verifyCostAtLeast;
  const links = Math.max(relatives.links, 1);
  const size = relatives.links === 0 ? backup.backup_sync.evidence.stored_bytes : relatives.storedBytes;
  return (
    <Dialog title={actionWords.verifyTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <fieldset className="stack">
          <legend>{actionWords.levelLegend}</legend>
          {dataLevels.map((each) => (
            <label key={each} className="choice">
              <input type="radio" name="level" checked={level === each} onChange={() => setLevel(each)} />
              <span>
                <strong>{each}</strong>
                <span className="quiet">{dataLevelWords[each]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <p>{cost(links, size)}</p>
        {verify.error !== null && <FailureNotice thrown={verify.error} />}
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            {common.cancel}
          </button>
          <button type="submit" className="button main" disabled={verify.isPending}>
            {verify.isPending ? actionWords.starting : actionWords.start}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
