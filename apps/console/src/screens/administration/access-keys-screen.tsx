import type { AccessKey, CallOutput } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId, useSession } from '../../api/session.ts';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { Badge } from '../../parts/badges.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Copyable } from '../../parts/copyable.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Empty, Notice, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { accessKeysWords as words } from '../../words/administration.ts';
import { CreateAccessKey } from './create-access-key.tsx';
import { KeptElsewhere } from './kept-elsewhere.tsx';
import { useProjectNames } from './projects.ts';
import './administration.css';

/** The keys with which programs sign their requests. */
export function AccessKeysScreen() {
  const { identity } = useSession();
  const mayCreate = useMay('administrator') && identity === 'embedded';
  const [isCreating, setCreating] = useState(false);
  const [created, setCreated] = useState<CallOutput<'createAccessKey'> | null>(null);
  const add = mayCreate && (
    <button type="button" className="button main" onClick={() => setCreating(true)}>
      {words.add}
    </button>
  );
  return (
    <Page title={words.title} sentence={words.sentence} actions={add}>
      {identity === 'outside' ? <KeptElsewhere what="accessKeys" /> : <AccessKeys />}
      {isCreating && (
        <CreateAccessKey
          onCreated={(answer) => {
            setCreating(false);
            setCreated(answer);
          }}
          onClose={() => setCreating(false)}
        />
      )}
      {created !== null && <Secret answer={created} onClose={() => setCreated(null)} />}
    </Page>
  );
}

function AccessKeys() {
  const answer = useQuery(callOptions(useProjectId(), 'listAccessKeys', {}));
  const nameOf = useProjectNames();
  const [disabling, setDisabling] = useState<AccessKey | null>(null);
  const columns: readonly Column<AccessKey>[] = [
    { title: words.key, cell: ({ access_key }) => <code className="short-name">{access_key}</code> },
    {
      title: words.state,
      cell: ({ disabled_at }) =>
        disabled_at === null ? (
          <Badge tone="good">{words.works}</Badge>
        ) : (
          <div className="actions">
            <Badge tone="quiet">{words.disabled}</Badge>
            <Time at={disabled_at} />
          </div>
        ),
    },
    { title: words.user, cell: ({ user_name }) => <span className="short-name">{user_name}</span> },
    {
      title: words.project,
      cell: ({ project_id }) => <span className="short-name">{nameOf(project_id)}</span>,
    },
    { title: words.created, cell: ({ created_at }) => <Time at={created_at} /> },
    {
      title: words.actions,
      cell: (key) =>
        key.disabled_at === null && (
          <button
            type="button"
            className="button plain danger"
            aria-label={words.disableOf(key.access_key)}
            onClick={() => setDisabling(key)}
          >
            {words.disable}
          </button>
        ),
    },
  ];
  return (
    <>
      <Shown of={answer}>
        {({ access_keys: keys }) =>
          keys.length === 0 ? (
            <Empty title={words.emptyTitle}>{words.emptyText}</Empty>
          ) : (
            <PagedTable caption={words.caption} columns={columns} rows={keys} keyOf={({ access_key }) => access_key} />
          )
        }
      </Shown>
      {disabling !== null && <DisableAccessKey accessKey={disabling} onClose={() => setDisabling(null)} />}
    </>
  );
}

type DisableAccessKeyProps = { readonly accessKey: AccessKey; readonly onClose: () => void };

function DisableAccessKey({ accessKey: { access_key, user_name }, onClose }: DisableAccessKeyProps) {
  const change = useChange('disableAccessKey', ['listAccessKeys'], () => {
    announce(words.isDisabled);
    onClose();
  });
  return (
    <ConfirmDialog
      title={words.disableTitle}
      button={words.disable}
      change={change}
      onConfirm={() => change.mutate({ access_key })}
      onClose={onClose}
    >
      <p className="name">{words.disableText(access_key, user_name)}</p>
    </ConfirmDialog>
  );
}

/** Shows the secret of a new key: the only time that anybody sees it. */
function Secret({ answer, onClose }: { answer: CallOutput<'createAccessKey'>; onClose: () => void }) {
  return (
    <Dialog title={words.secretTitle}>
      <Notice tone="warn" title={words.secretWarning}>
        <p>{words.secretRemedy}</p>
      </Notice>
      <div className="field">
        <h3>{words.accessKey}</h3>
        <Copyable text={answer.access_key.access_key} />
      </div>
      <div className="field">
        <h3>{words.secretKey}</h3>
        <Copyable text={answer.secret_key} />
      </div>
      <div className="actions">
        <button type="button" className="button main" onClick={onClose}>
          {words.stored}
        </button>
      </div>
    </Dialog>
  );
}
