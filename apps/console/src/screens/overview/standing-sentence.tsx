import type { Standing } from '@backup-sync/contracts';
import { Link } from '@tanstack/react-router';
import { Icon } from '../../parts/icon.tsx';
import { duration } from '../../words/amounts.ts';
import { overviewWords, resourceTitle } from '../../words/overview.ts';
import { chainSearch } from '../chain/chain-search.ts';
import type { OverviewSearch } from './overview-search.ts';
import { sentenceTone } from './resource-state.ts';

/** Says in one sentence, the largest of the page, whether everything is fine. */
export function StandingSentence({ standing, search }: { standing: Standing; search: OverviewSearch }) {
  const { summary, unproved, late, resources, retired, oldest } = standing;
  const bad = late ?? unproved;
  const checked = resources - retired;
  const tone = sentenceTone(standing);
  const isFiltered = search.standing !== undefined;
  return (
    <div className={`standing ${tone}`}>
      <p className="sentence" role="status">
        <Icon name={tone} />
        <span>{`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`}</span>
      </p>
      <div className="below">
        {bad > 0 && !isFiltered && (
          <Link to="/" search={withoutMarker(search, { standing: late === null ? 'unproved' : 'late' })}>
            {overviewWords.onlyBad}
          </Link>
        )}
        {late === null && unproved < checked && <span className="quiet">{overviewWords.chooseAge}</span>}
        {oldest !== null && checked > 1 && (
          <span className="oldest quiet">
            {overviewWords.oldest}{' '}
            <Link
              to="/resources/$resourceId"
              params={{ resourceId: oldest.resource_id }}
              search={chainSearch(search)}
              className="name"
            >
              {resourceTitle(oldest)}
            </Link>
            {`, ${duration(oldest.newest_proved_age_s)}`}
          </span>
        )}
      </div>
    </div>
  );
}

/** Other filters begin at the first page. */
export function withoutMarker(search: OverviewSearch, changed: Partial<OverviewSearch>): OverviewSearch {
  const { marker: _marker, ...filters } = search;
  return { ...filters, ...changed };
}
