import { useState } from 'react';
import { number } from '../words/amounts.ts';
import { common } from '../words/common.ts';
import { Table, type TableProps } from './table.tsx';

/** Rows that are shown at a time. */
const pageRows = 25;

/** A table of a list that is here as a whole, of which it shows one page. */
export function PagedTable<Row>({ rows, ...table }: TableProps<Row>) {
  const [asked, setAsked] = useState(0);
  const lastPage = Math.max(0, Math.ceil(rows.length / pageRows) - 1);
  // The list may have become shorter.
  const page = Math.min(asked, lastPage);
  const from = page * pageRows;
  const shown = rows.slice(from, from + pageRows);
  return (
    <div className="stack">
      <Table {...table} rows={shown} />
      {rows.length > pageRows && (
        <div className="paging">
          <span className="numeric" role="status">
            {common.rows(number(from + 1), number(from + shown.length), number(rows.length))}
          </span>
          <div className="actions">
            {/* Not disabled, since a disabled button loses the focus. */}
            <button
              type="button"
              className="button"
              aria-disabled={page === 0}
              onClick={() => setAsked(Math.max(0, page - 1))}
            >
              {common.previous}
            </button>
            <button
              type="button"
              className="button"
              aria-disabled={page === lastPage}
              onClick={() => setAsked(Math.min(lastPage, page + 1))}
            >
              {common.next}
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
