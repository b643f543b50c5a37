import type { BucketGrant, CallOutput } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId } from '../../api/session.ts';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { ChangeForm, textOf } from '../../parts/change-form.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Empty, Notice, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { bucketsWords as words } from '../../words/administration.ts';
import { MadeExplicit, placeOf } from './grant-list.tsx';
import { ProjectField } from './project-field.tsx';
import { useProjectNames } from './projects.ts';
import './administration.css';

/** Which project may use which bucket. */
export function BucketsScreen() {
  const projectId = useProjectId();
  const mayGrant = useMay('administrator');
  const nameOf = useProjectNames();
  const answer = useQuery(callOptions(projectId, 'listBucketGrants', {}));
  const [isAdding, setAdding] = useState(false);
  const [added, setAdded] = useState<CallOutput<'grantBucket'> | null>(null);
  const [revoking, setRevoking] = useState<BucketGrant | null>(null);

  const columns: readonly Column<BucketGrant>[] = [
    {
      title: words.bucket,
      cell: ({ bucket_name }) => <span className="name">{bucket_name === '*' ? words.everyBucket : bucket_name}</span>,
    },
    {
      title: words.folder,
      cell: ({ bucket_name, prefix }) =>
        prefix === '' ? (
          <span className="quiet">{bucket_name === '*' ? '' : words.wholeBucket}</span>
        ) : (
          <code className="name">{prefix}</code>
        ),
    },
    {
      title: words.project,
      cell: ({ project_id }) => <span className="short-name">{nameOf(project_id)}</span>,
    },
    { title: words.storage, cell: ({ storage_unit }) => <code className="name">{storage_unit}</code> },
    {
      title: words.actions,
      cell: (grant) =>
        isRevocable(grant) && (
          <button
            type="button"
            className="button plain danger"
            aria-label={words.revokeOf(placeOf(grant), nameOf(grant.project_id))}
            onClick={() => setRevoking(grant)}
          >
            {words.revoke}
          </button>
        ),
    },
  ];
  const add = mayGrant && (
    <button type="button" className="button main" onClick={() => setAdding(true)}>
      {words.add}
    </button>
  );
  return (
    <Page title={words.title} sentence={words.sentence} actions={add}>
      <Shown of={answer}>
        {({ grants }) => (
          <>
            {grants.some(({ bucket_name }) => bucket_name === '*') && (
              <Notice tone="quiet" title={words.everyTitle}>
                <p>{words.everyText}</p>
              </Notice>
            )}
            {grants.length === 0 ? (
              <Empty title={words.emptyTitle} action={add}>
                {words.emptyText}
              </Empty>
            ) : (
              <PagedTable
                caption={words.caption}
                columns={mayGrant && grants.some(isRevocable) ? columns : columns.slice(0, -1)}
                rows={grants}
                keyOf={(grant) => `${grant.project_id} ${grant.storage_unit} ${placeOf(grant)}`}
              />
            )}
          </>
        )}
      </Shown>
      {isAdding && (
        <GrantBucket
          onGranted={(granted) => {
            setAdding(false);
            if (granted.made_explicit.length > 0) setAdded(granted);
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {added !== null && (
        <Dialog title={words.added} onClose={() => setAdded(null)}>
          <MadeExplicit grants={added.made_explicit} />
          <div className="actions">
            <button type="button" className="button main" onClick={() => setAdded(null)}>
              {words.close}
            </button>
          </div>
        </Dialog>
      )}
      {revoking !== null && (
        <RevokeBucket grant={revoking} project={nameOf(revoking.project_id)} onClose={() => setRevoking(null)} />
      )}
    </Page>
  );
}

/** Whether a grant can be revoked. That of every bucket ends by itself, with the first other grant or project. */
function isRevocable({ bucket_name }: BucketGrant): boolean {
  return bucket_name !== '*';
}

type GrantBucketProps = {
  readonly onGranted: (answer: CallOutput<'grantBucket'>) => void;
  readonly onClose: () => void;
};

function GrantBucket({ onGranted, onClose }: GrantBucketProps) {
  const change = useChange('grantBucket', ['listBucketGrants'], (answer) => {
    announce(words.added);
    onGranted(answer);
  });
  const grant = (form: FormData) =>
    change.mutate({
      target_project_id: textOf(form, 'target_project_id'),
      bucket_name: textOf(form, 'bucket_name'),
      prefix: textOf(form, 'prefix'),
    });
  return (
    <Dialog title={words.addTitle} onClose={onClose}>
      <ChangeForm
        change={change}
        fields={['bucket_name', 'prefix', 'target_project_id']}
        button={words.addButton}
        onSubmit={grant}
        onCancel={onClose}
      >
        {(problem) => (
          <>
            <Field label={words.bucket} problem={problem('bucket_name')}>
              {(control) => (
                <input
                  {...control}
                  name="bucket_name"
                  required
                  autoCapitalize="none"
                  autoComplete="off"
                  spellCheck={false}
                />
              )}
            </Field>
            <Field label={words.folder} hint={words.folderHint} problem={problem('prefix')}>
              {(control) => (
                <input {...control} name="prefix" autoCapitalize="none" autoComplete="off" spellCheck={false} />
              )}
            </Field>
            <ProjectField label={words.project} problem={problem('target_project_id')} />
          </>
        )}
      </ChangeForm>
    </Dialog>
  );
}

type RevokeBucketProps = { readonly grant: BucketGrant; readonly project: string; readonly onClose: () => void };

function RevokeBucket({ grant, project, onClose }: RevokeBucketProps) {
  const change = useChange('revokeBucket', ['listBucketGrants'], () => {
    announce(words.revoked);
    onClose();
  });
  const { project_id: target_project_id, bucket_name, prefix } = grant;
  return (
    <ConfirmDialog
      title={words.revokeTitle(placeOf(grant))}
      button={words.revoke}
      change={change}
      onConfirm={() => change.mutate({ target_project_id, bucket_name, prefix })}
      onClose={onClose}
    >
      <p className="name">{words.revokeText(project)}</p>
    </ConfirmDialog>
  );
}
