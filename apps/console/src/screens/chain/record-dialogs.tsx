import type { Backup } from '@backup-sync/contracts';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { callOptions, mutate } from '../../api/calls.ts';
import { queryClient } from '../../api/query-client.ts';
import { useProjectId } from '../../api/session.ts';
import { announce } from '../../parts/announcements.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { FailureNotice, Shown } from '../../parts/notices.tsx';
import { actionWords } from '../../words/chain.ts';
import { common } from '../../words/common.ts';
import { searchOf } from './chain-search.ts';

type RecordDialogProps = { readonly backup: Backup; readonly onClose: () => void };

/** Characters of a name, as the server allows. */
const nameMost = 64;

/** Gives a backup another name. */
export function RenameDialog({ backup, onClose }: RecordDialogProps) {
  const projectId = useProjectId();
  const rename = useMutation({
    mutationFn: (name: string) => mutate(projectId, 'updateBackup', { backup_id: backup.id, backup: { name } }),
    onSuccess: async () => {
      await readAgain(projectId);
      announce(actionWords.renamed);
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    rename.mutate(String(new FormData(event.currentTarget).get('name') ?? ''));
  };
  return (
    <Dialog title={actionWords.renameTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <Field label={actionWords.name} hint={actionWords.nameHint}>
          {(control) => (
            <input
              {...control}
              name="name"
              defaultValue={backup.name}
              required
              // In units of UTF-16, of which a character has at most two.
              maxLength={2 * nameMost}
              spellCheck={false}
              autoComplete="off"
            />
          )}
        </Field>
        {rename.error !== null && <FailureNotice thrown={rename.error} />}
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            {common.cancel}
          </button>
          <button type="submit" className="button main" disabled={rename.isPending}>
            {actionWords.rename}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Deletes the record of a backup. Its objects stay in the bucket. */
export function ForgetDialog({ backup, onClose }: RecordDialogProps) {
  const projectId = useProjectId();
  const navigate = useNavigate();
  // The picture may not have them: they may be on another page of the list, or of another resource.
  const children = useQuery(callOptions(projectId, 'listBackups', { parent_id: backup.id, limit: 1 }));
  const forget = useMutation({
    mutationFn: () => mutate(projectId, 'deleteBackup', { backup_id: backup.id }),
    onSuccess: async () => {
      announce(actionWords.forgotten);
      // First, so that nothing asks for the record any more.
      await navigate({
        to: '/resources/$resourceId',
        params: { resourceId: backup.resource_id },
        search: (before) => searchOf(undefined, before),
        replace: true,
      });
      await readAgain(projectId);
      // The button that opened the dialog is gone.
      document.querySelector('h1')?.focus();
    },
  });
  return (
    <ConfirmDialog
      title={actionWords.forgetTitle}
      button={actionWords.forgetButton}
      change={{ error: forget.error, isPending: forget.isPending || children.isLoading }}
      onConfirm={() => forget.mutate()}
      onClose={onClose}
    >
      <p className="name">
        <strong>{backup.name}</strong>
      </p>
      <p>{actionWords.forgetSentence}</p>
      <Shown of={children}>{({ count }) => count > 0 && <p>{actionWords.forgetBelow(count)}</p>}</Shown>
    </ConfirmDialog>
  );
}

/** Reads again what shows records. */
async function readAgain(projectId: string): Promise<void> {
  const names = ['listBackups', 'showBackup', 'listResources', 'showStanding'];
  await Promise.all(names.map((name) => queryClient.invalidateQueries({ queryKey: [name, projectId] })));
}
