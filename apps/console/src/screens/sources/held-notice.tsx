import type { CallOutput, Source } from '@backup-sync/contracts';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '../../api/session.ts';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Notice } from '../../parts/notices.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { capitalised } from '../../words/capitalised.ts';
import { sourceWords as words } from '../../words/sources.ts';

type Answer = CallOutput<'showSource'>;
type HeldBackup = Answer['held_backups'][number];

const columns: readonly Column<HeldBackup>[] = [
  {
    title: words.backup,
    cell: ({ backup_id }) => (
      <Link to="/backups/$backupId" params={{ backupId: backup_id }} className="name">
        {backup_id}
      </Link>
    ),
  },
  { title: words.imagePath, cell: ({ image_path }) => <code className="name">{image_path}</code> },
];

type HeldNoticeProps = { readonly answer: Answer; readonly hold: NonNullable<Source['held']> };

/** Why a source is held, what a confirmation would mark, and the confirmation. */
export function HeldNotice({ answer, hold }: HeldNoticeProps) {
  const { source, held_backups: backups, held_count: count } = answer;
  const mayConfirm = useMay('operator');
  const [isAsking, setAsking] = useState(false);
  const change = useChange('confirmSource', ['listSources', 'showSource', 'listOperations'], () => {
    setAsking(false);
    announce(words.confirmed);
  });
  return (
    <section className="stack">
      <Notice tone="bad" title={words.heldTitle(count)}>
        <p>{`${capitalised(hold.message)}.`}</p>
        <p>{words.heldMeaning}</p>
        <p>{hold.remedy}</p>
        <dl className="facts">
          <dt>{words.heldSince}</dt>
          <dd>
            <Time at={hold.since} />
          </dd>
          {hold.operation_id !== null && (
            <>
              <dt>{words.heldRun}</dt>
              <dd>
                <Link to="/operations/$operationId" params={{ operationId: hold.operation_id }}>
                  {hold.operation_id}
                </Link>
              </dd>
            </>
          )}
        </dl>
        {mayConfirm ? (
          <div className="actions">
            <button
              type="button"
              className="button danger"
              onClick={() => {
                change.reset();
                setAsking(true);
              }}
            >
              {words.confirm}
            </button>
          </div>
        ) : (
          <p className="quiet">{words.onlyOperators}</p>
        )}
      </Notice>
      {backups.length > 0 && (
        <>
          <h2>{words.heldList}</h2>
          {backups.length < count && <p className="quiet">{words.heldFirst(backups.length, count)}</p>}
          <PagedTable
            caption={words.heldList}
            columns={columns}
            rows={backups}
            keyOf={({ backup_id, image_path }) => `${backup_id} ${image_path}`}
          />
        </>
      )}
      {isAsking && (
        <ConfirmDialog
          title={words.confirmTitle(count)}
          button={words.confirmButton(count)}
          change={change}
          onConfirm={() => change.mutate({ source_id: source.id })}
          onClose={() => setAsking(false)}
        >
          <p>{words.confirmText(count)}</p>
          <p>{words.confirmAfter}</p>
        </ConfirmDialog>
      )}
    </section>
  );
}
