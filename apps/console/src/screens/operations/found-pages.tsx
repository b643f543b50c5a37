import type { ReactNode } from 'react';
import { common } from '../../words/common.ts';
import { operations as words } from '../../words/operations.ts';

/** Rows of a page of what an operation found. */
export const foundInPage = 50;

/** A link to the page after this place; undefined for the first page. The place is in the address. */
export type PageLink = (after: number | undefined, label: string) => ReactNode;

type FoundPagesProps = {
  readonly after: number;
  readonly next: number;
  readonly count: number;
  readonly link: PageLink;
};

/** Leads through what an operation found. */
export function FoundPages({ after, next, count, link }: FoundPagesProps) {
  if (after === 0 && count < foundInPage) return null;
  return (
    <nav className="paging" aria-label={words.pages}>
      <span>{words.rowsShown(count)}</span>
      <div className="actions">
        {after > 0 && link(undefined, common.first)}
        {count === foundInPage && link(next, common.next)}
      </div>
    </nav>
  );
}
