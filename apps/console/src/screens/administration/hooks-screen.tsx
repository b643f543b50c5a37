import type { CallOutput, Hook } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { Badge } from '../../parts/badges.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Copyable } from '../../parts/copyable.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Empty, FailureNotice, Notice, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { hooksWords as words } from '../../words/hooks.ts';
import { AddHook } from './add-hook.tsx';
import { HookDeliveries } from './hook-deliveries.tsx';
import './administration.css';

const tones = { active: 'good', paused: 'quiet', gone: 'bad' } as const;

/** The addresses that are notified of problems. */
export function HooksScreen() {
  const [isAdding, setAdding] = useState(false);
  const [added, setAdded] = useState<CallOutput<'addHook'> | null>(null);
  const add = (
    <button type="button" className="button main" onClick={() => setAdding(true)}>
      {words.add}
    </button>
  );
  return (
    <Page title={words.title} sentence={words.sentence} actions={add}>
      <Hooks />
      {isAdding && (
        <AddHook
          onAdded={(answer) => {
            setAdding(false);
            setAdded(answer);
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {added !== null && <Secret secret={added.secret} onClose={() => setAdded(null)} />}
    </Page>
  );
}

type Open = { readonly doing: 'deliveries' | 'remove'; readonly hookId: string };

function Hooks() {
  const answer = useQuery(callOptions(useProjectId(), 'listHooks', {}));
  const [open, setOpen] = useState<Open | null>(null);
  const [notDelivered, setNotDelivered] = useState<string | null>(null);
  const refreshed = ['listHooks'] as const;
  const test = useChange('testHook', refreshed, ({ delivered, answer: said }) => {
    setNotDelivered(delivered ? null : said);
    if (delivered) announce(words.tested(said));
  });
  const pause = useChange('pauseHook', refreshed, () => announce(words.isPaused));
  const resume = useChange('resumeHook', refreshed, () => announce(words.isResumed));
  const failed = test.error ?? pause.error ?? resume.error;
  const start = (change: typeof test | typeof pause | typeof resume, { id }: Hook) => {
    setNotDelivered(null);
    for (const each of [test, pause, resume]) each.reset();
    change.mutate({ hook_id: id });
  };
  const action = (text: string, { name }: Hook, onClick: () => void) => (
    <button type="button" className="button plain" aria-label={words.of(text, name)} onClick={onClick}>
      {text}
    </button>
  );
  const columns: readonly Column<Hook>[] = [
    { title: words.name, cell: ({ name }) => <span className="short-name">{name}</span> },
    { title: words.url, cell: ({ url }) => <span className="name">{url}</span> },
    { title: words.state, cell: ({ status }) => <Badge tone={tones[status]}>{words[status]}</Badge> },
    { title: words.queue, cell: ({ waiting, failed: givenUp }) => words.counts(waiting, givenUp) },
    { title: words.lastTry, cell: ({ last_try }) => <LastTry last={last_try} /> },
    {
      title: words.actions,
      cell: (hook) => (
        <div className="row-actions">
          {action(words.test, hook, () => start(test, hook))}
          {hook.status === 'active'
            ? action(words.pause, hook, () => start(pause, hook))
            : action(words.resume, hook, () => start(resume, hook))}
          {action(words.deliveries, hook, () => setOpen({ doing: 'deliveries', hookId: hook.id }))}
          {action(words.remove, hook, () => setOpen({ doing: 'remove', hookId: hook.id }))}
        </div>
      ),
    },
  ];
  const close = () => setOpen(null);
  return (
    <>
      {notDelivered !== null && (
        <Notice tone="bad" title={words.testFailed}>
          <p>{notDelivered}</p>
        </Notice>
      )}
      {failed !== null && <FailureNotice thrown={failed} />}
      <Shown of={answer}>
        {({ hooks }) => {
          const chosen = hooks.find(({ id }) => id === open?.hookId);
          return (
            <>
              {hooks.length === 0 ? (
                <Empty title={words.emptyTitle}>{words.emptyText}</Empty>
              ) : (
                <PagedTable caption={words.caption} columns={columns} rows={hooks} keyOf={({ id }) => id} />
              )}
              {chosen !== undefined && open?.doing === 'deliveries' && <HookDeliveries hook={chosen} onClose={close} />}
              {chosen !== undefined && open?.doing === 'remove' && <RemoveHook hook={chosen} onClose={close} />}
            </>
          );
        }}
      </Shown>
    </>
  );
}

function LastTry({ last }: { readonly last: Hook['last_try'] }) {
  if (last === null) return <span className="quiet">{words.neverTried}</span>;
  return (
    <div className="actions">
      <Badge tone={last.delivered ? 'good' : 'bad'}>{last.answer}</Badge>
      <Time at={last.at} />
    </div>
  );
}

function RemoveHook({ hook: { id, name }, onClose }: { readonly hook: Hook; readonly onClose: () => void }) {
  const change = useChange('removeHook', ['listHooks'], () => {
    announce(words.isRemoved);
    onClose();
  });
  return (
    <ConfirmDialog
      title={words.removeTitle(name)}
      button={words.remove}
      change={change}
      onConfirm={() => change.mutate({ hook_id: id })}
      onClose={onClose}
    >
      <p>{words.removeText}</p>
    </ConfirmDialog>
  );
}

/** Shows the secret of a new hook: the only time that anybody sees it. */
function Secret({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  return (
    <Dialog title={words.secretTitle}>
      <Notice tone="warn" title={words.secretWarning}>
        <p>{words.secretRemedy}</p>
      </Notice>
      <div className="field">
        <Copyable text={secret} />
      </div>
      <div className="actions">
        <button type="button" className="button main" onClick={onClose}>
          {words.stored}
        </button>
      </div>
    </Dialog>
  );
}
