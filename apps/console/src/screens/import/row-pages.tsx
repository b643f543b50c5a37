import { getRouteApi, Link } from '@tanstack/react-router';
import { common } from '../../words/common.ts';
import { importWords as words } from '../../words/import.ts';
import { operations } from '../../words/operations.ts';

const route = getRouteApi('/inside/import');

/** Rows of a page: few enough that the page stays quick with any list. */
export const rowsInPage = 50;

type PagesProps = { readonly page: number; readonly count: number; readonly said: string };

/** Leads through rows that this page has. The number of the page is in the address. */
export function Pages({ page, count, said }: PagesProps) {
  const { page: _present, ...rest } = route.useSearch();
  if (count <= rowsInPage) return null;
  return (
    <nav className="paging" aria-label={operations.pages}>
      <span>{said}</span>
      <div className="actions">
        {page > 1 && (
          <Link
            to="/import"
            search={page === 2 ? rest : { ...rest, page: page - 1 }}
            className="button"
            resetScroll={false}
          >
            {words.previous}
          </Link>
        )}
        {page * rowsInPage < count && (
          <Link to="/import" search={{ ...rest, page: page + 1 }} className="button" resetScroll={false}>
            {common.next}
          </Link>
        )}
      </div>
    </nav>
  );
}
