import { Link } from '@tanstack/react-router';
import { common } from '../../words/common.ts';
import { operations as words } from '../../words/operations.ts';

/** Rows of a page of what an operation found. */
export const foundInPage = 50;

type FoundPagesProps = {
  readonly operationId: string;
  readonly after: number;
  readonly next: number;
  readonly count: number;
};

/** Leads through what an operation found. The place is in the address. */
export function FoundPages({ operationId, after, next, count }: FoundPagesProps) {
  if (after === 0 && count < foundInPage) return null;
  const params = { operationId };
  return (
    <nav className="paging" aria-label={words.pages}>
      <span>{words.rowsShown(count)}</span>
      <div className="actions">
        {after > 0 && (
          <Link to="/operations/$operationId" params={params} search={{}} className="button" resetScroll={false}>
            {common.first}
          </Link>
        )}
        {count === foundInPage && (
          <Link
            to="/operations/$operationId"
            params={params}
            search={{ after: next }}
            className="button"
            resetScroll={false}
          >
            {common.next}
          </Link>
        )}
      </div>
    </nav>
  );
}
