import type { Backup, BackupSyncInput, DataLevel, Operation } from '@backup-sync/contracts';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { callOptions, mutate } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { announce } from '../../parts/announcements.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { FailureNotice } from '../../parts/notices.tsx';
import { millisecondsOf } from '../../words/amounts.ts';
import { common, levelMeanings, operationKindWords } from '../../words/common.ts';
import { operations as words } from '../../words/operations.ts';

type Props = { readonly operation: Operation };

/** Offers to do again what an operation has done, if what is known of it suffices. */
export function RepeatActions({ operation }: Props) {
  switch (operation.kind) {
    case 'source_run':
      return operation.source_id === null ? null : <RepeatRun sourceId={operation.source_id} />;
    case 'verify':
      return operation.backup_id === null ? null : <RepeatVerification backupId={operation.backup_id} />;
    case 'import':
      return operation.status === 'success' || operation.backup_id === null ? null : (
        <RepeatImport operation={operation} backupId={operation.backup_id} />
      );
    case 'scan':
    case 'plan':
      // The API does not tell the prefix and the path template of a scan, so a person confirms them.
      return (
        <Link to="/import" search={{ step: 'bucket', bucket: operation.bucket_name }} className="button">
          {words.repeatPlace(operationKindWords[operation.kind])}
        </Link>
      );
    case 'delete':
      return null;
  }
}

type Started = { readonly id: string; readonly joined: boolean };

/** Starts an operation, and shows it. */
function useStart<Input>(start: (input: Input) => Promise<Started>) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: start,
    onSuccess: async ({ id, joined }) => {
      announce(joined ? words.joined : words.repeated);
      await navigate({ to: '/operations/$operationId', params: { operationId: id } });
    },
  });
}

function RepeatRun({ sourceId }: { readonly sourceId: string }) {
  const projectId = useProjectId();
  const run = useStart(async () => {
    const { operation_id: id, joined } = await mutate(projectId, 'scanSource', { source_id: sourceId });
    return { id, joined };
  });
  return (
    <>
      <button type="button" className="button" disabled={run.isPending} onClick={() => run.mutate(undefined)}>
        {words.repeatSource}
      </button>
      {run.error !== null && <FailureNotice thrown={run.error} />}
    </>
  );
}

/** An import is known by its record only: one that recorded nothing cannot be repeated from here. */
function RepeatImport({ operation, backupId }: Props & { readonly backupId: string }) {
  const projectId = useProjectId();
  const { data } = useQuery({
    ...callOptions(projectId, 'showBackup', { backup_id: backupId }),
    // Without a record, there is nothing to offer, and nothing to say.
    retry: false,
  });
  const again = useStart(async (item: BackupSyncInput) => {
    const { sync } = await mutate(projectId, 'importBackups', { sync: [item] });
    return { id: sync[0]?.operation_log_id ?? operation.id, joined: false };
  });
  if (data === undefined) return null;
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={again.isPending}
        onClick={() => again.mutate(itemOf(data.backup))}
      >
        {words.repeatImport}
      </button>
      {again.error !== null && <FailureNotice thrown={again.error} />}
    </>
  );
}

/** The item by which a record was imported. */
function itemOf({ id, name, resource_id, resource_name, resource_type, protected_at, backup_sync }: Backup) {
  return {
    backup_id: id,
    backup_name: name,
    bucket_name: backup_sync.bucket_name,
    image_path: backup_sync.image_path,
    resource_id,
    resource_name,
    resource_type,
    created_at: Math.floor(millisecondsOf(protected_at) / 1000),
  } satisfies BackupSyncInput;
}

const dataLevels: readonly DataLevel[] = ['content', 'replay'];

function RepeatVerification({ backupId }: { readonly backupId: string }) {
  const projectId = useProjectId();
  const [isAsking, setAsking] = useState(false);
  const verification = useStart(async (level: DataLevel) => {
    const { operation_id: id, joined } = await mutate(projectId, 'verifyBackup', { backup_id: backupId, level });
    return { id, joined };
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const chosen = new FormData(event.currentTarget).get('level');
    verification.mutate(dataLevels.find((each) => each === chosen) ?? 'content');
  };
  return (
    <>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {words.repeatVerify}
      </button>
      {isAsking && (
        <Dialog title={words.repeatTitle} onClose={() => setAsking(false)}>
          <form onSubmit={submit}>
            <Field label={words.repeatLevel}>
              {(control) => (
                <select {...control} name="level">
                  {dataLevels.map((level) => (
                    <option key={level} value={level}>
                      {level}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <dl className="facts">
              {dataLevels.map((level) => (
                <div className="fact" key={level}>
                  <dt>{level}</dt>
                  <dd>{levelMeanings[level]}</dd>
                </div>
              ))}
            </dl>
            {verification.error !== null && <FailureNotice thrown={verification.error} />}
            <div className="actions">
              <button type="button" className="button" onClick={() => setAsking(false)}>
                {common.cancel}
              </button>
              <button type="submit" className="button main" disabled={verification.isPending}>
                {words.start}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
