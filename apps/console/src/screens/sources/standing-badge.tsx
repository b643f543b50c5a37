import { Badge, type Tone } from '../../parts/badges.tsx';
import { standingSentences, standingWords } from '../../words/sources.ts';
import type { SourceStanding } from './source-standing.ts';

export const standingTones: Readonly<Record<SourceStanding, Tone>> = {
  held: 'bad',
  failing: 'bad',
  late: 'warn',
  errors: 'bad',
  empty: 'warn',
  running: 'busy',
  new: 'quiet',
  paused: 'quiet',
  fine: 'good',
};

/** How a source stands, with what that means on hover. */
export function StandingBadge({ standing }: { readonly standing: SourceStanding }) {
  return (
    <Badge tone={standingTones[standing]} title={standingSentences[standing]}>
      {standingWords[standing]}
    </Badge>
  );
}
