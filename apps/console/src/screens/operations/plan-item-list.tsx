import type { BucketPlanItem } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { callOptions } from '../../api/calls.ts';
import { previousOf } from '../../api/query-client.ts';
import { useProjectId } from '../../api/session.ts';
import { Empty, Notice, Shown } from '../../parts/notices.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { operations as words } from '../../words/operations.ts';
import { Problem } from './finding-list.tsx';
import { FoundPages, foundInPage, type PageLink } from './found-pages.tsx';
import { ClassBadge, WouldDo } from './planned.tsx';

type PlanItemListProps = { readonly operationId: string; readonly after: number; readonly link: PageLink };

/** What an import would do with each backup of a bucket, while the plan is made and after. */
export function PlanItemList({ operationId, after, link }: PlanItemListProps) {
  const projectId = useProjectId();
  const query = useQuery({
    ...callOptions(projectId, 'listPlanItems', { operation_id: operationId, after, limit: foundInPage }),
    placeholderData: previousOf(projectId),
  });
  return (
    <section className="stack">
      <h2>{words.items}</h2>
      <Shown of={query}>
        {({ plan, next, ended, complete }) => (
          <>
            {ended && !complete && <Notice tone="warn">{words.incomplete}</Notice>}
            {plan.length === 0 && after === 0 ? (
              <Empty title={ended ? words.noItemEnded : words.noItem}>{ended ? undefined : words.noItemText}</Empty>
            ) : (
              <Table caption={words.itemsCaption} columns={columns} rows={plan} keyOf={keyOf} />
            )}
            <FoundPages after={after} next={next} count={plan.length} link={link} />
          </>
        )}
      </Shown>
    </section>
  );
}

function keyOf({ image_path, backup_id }: BucketPlanItem): string {
  return `${image_path} ${backup_id}`;
}

const columns: readonly Column<BucketPlanItem>[] = [
  {
    title: words.backup,
    cell: ({ backup_name, backup_id, image_path }) => (
      <div className="found">
        <div className="name">{backup_name ?? backup_id ?? image_path}</div>
        {backup_name !== null && <div className="quiet small name">{image_path}</div>}
      </div>
    ),
  },
  { title: words.class, cell: (item) => <ClassBadge planned={item.class} /> },
  { title: words.wouldDo, cell: (item) => <WouldDo planned={item} /> },
  { title: words.problem, cell: ({ reason }) => reason !== null && <Problem reason={reason} /> },
];
