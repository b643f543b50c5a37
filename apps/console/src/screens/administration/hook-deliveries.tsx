import type { Hook, HookDelivery } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { callOptions } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { Badge } from '../../parts/badges.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Empty, FailureNotice, Shown } from '../../parts/notices.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { hooksWords as words } from '../../words/hooks.ts';

const tones = { delivered: 'good', waiting: 'busy', failed: 'bad' } as const;

/** The deliveries of a hook. Those that failed can be sent again. */
export function HookDeliveries({ hook, onClose }: { readonly hook: Hook; readonly onClose: () => void }) {
  const input = { hook_id: hook.id };
  const answer = useQuery(callOptions(useProjectId(), 'listHookDeliveries', input));
  const resend = useChange('resendHookDeliveries', ['listHookDeliveries', 'listHooks'], () => announce(words.isResent));
  const columns: readonly Column<HookDelivery>[] = [
    { title: words.type, cell: ({ type }) => <span className="name">{type}</span> },
    { title: words.subject, cell: ({ subject }) => <span className="name">{subject.name ?? subject.id}</span> },
    { title: words.state, cell: ({ status }) => <Badge tone={tones[status]}>{status}</Badge> },
    { title: words.tries, cell: ({ tries }) => tries },
    { title: words.lastAnswer, cell: ({ last_answer }) => <span className="name">{last_answer}</span> },
    { title: words.created, cell: ({ created_at }) => <Time at={created_at} /> },
    {
      title: words.actions,
      cell: ({ id, status, type }) =>
        status === 'failed' && (
          <button
            type="button"
            className="button plain"
            aria-label={words.of(words.resend, type)}
            onClick={() => resend.mutate({ ...input, delivery_id: id })}
          >
            {words.resend}
          </button>
        ),
    },
  ];
  return (
    <Dialog title={words.deliveriesTitle(hook.name)} onClose={onClose}>
      <Shown of={answer}>
        {({ deliveries }) =>
          deliveries.length === 0 ? (
            <Empty title={words.deliveriesEmptyTitle}>{words.deliveriesEmptyText}</Empty>
          ) : (
            <PagedTable caption={words.deliveriesCaption} columns={columns} rows={deliveries} keyOf={({ id }) => id} />
          )
        }
      </Shown>
      {resend.error !== null && <FailureNotice thrown={resend.error} />}
      <div className="actions">
        {hook.failed > 0 && (
          <button type="button" className="button" onClick={() => resend.mutate(input)}>
            {words.resendFailed}
          </button>
        )}
        <button type="button" className="button main" onClick={onClose}>
          {words.close}
        </button>
      </div>
    </Dialog>
  );
}
