import type { Source } from '@backup-sync/contracts';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { FailureNotice } from '../../parts/notices.tsx';
import { sourceWords as words } from '../../words/sources.ts';
import { EditSource } from './source-form.tsx';

/** What an operator may do with a source. */
export function SourceActions({ source }: { readonly source: Source }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null);
  const close = () => setOpen(null);
  const changed = ['listSources', 'showSource'] as const;
  const run = useChange('scanSource', [...changed, 'listOperations'], () => announce(words.started));
  const pause = useChange('pauseSource', changed, () => announce(words.paused));
  const resume = useChange('resumeSource', [...changed, 'listOperations'], () => announce(words.resumed));
  const remove = useChange('removeSource', ['listSources'], () => {
    announce(words.removed);
    void navigate({ to: '/sources', search: {} });
  });
  const input = { source_id: source.id };
  const failed = run.error ?? pause.error ?? resume.error;
  const start = (change: typeof run | typeof pause | typeof resume) => {
    for (const each of [run, pause, resume]) each.reset();
    change.mutate(input);
  };
  return (
    <>
      <button
        type="button"
        className="button main"
        aria-disabled={run.isPending}
        onClick={() => {
          if (!run.isPending) start(run);
        }}
      >
        {words.runNow}
      </button>
      {source.interval_s !== null && (
        <button type="button" className="button" onClick={() => start(source.paused ? resume : pause)}>
          {source.paused ? words.resume : words.pause}
        </button>
      )}
      <button type="button" className="button" onClick={() => setOpen('edit')}>
        {words.edit}
      </button>
      <button
        type="button"
        className="button danger"
        onClick={() => {
          remove.reset();
          setOpen('remove');
        }}
      >
        {words.remove}
      </button>
      {failed !== null && <FailureNotice thrown={failed} />}
      {open === 'edit' && <EditSource source={source} onClose={close} />}
      {open === 'remove' && (
        <ConfirmDialog
          title={words.removeTitle(source.name)}
          button={words.remove}
          change={remove}
          onConfirm={() => remove.mutate(input)}
          onClose={close}
        >
          <p>{words.removeText}</p>
          <p>{words.removeRecords}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
