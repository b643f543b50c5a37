import { Link } from '@tanstack/react-router';
import { Icon } from '../../parts/icon.tsx';
import { Time } from '../../parts/time.tsx';
import { bytes } from '../../words/amounts.ts';
import { pictureWords } from '../../words/chain.ts';
import { unproved } from '../../words/common.ts';
import { searchOf } from './chain-search.ts';
import type { Place } from './recorded-link.ts';

type PictureNodeProps = {
  readonly place: Place;
  readonly resourceId: string;
  /** Name of the broken or missing backup that it needs; null if there is none. */
  readonly dependsOn: string | null;
  /** Whether its details are shown. */
  readonly isSelected: boolean;
  /** Whether the Tab key reaches it; arrow keys lead to the others. */
  readonly isCurrent: boolean;
  readonly onFocus: () => void;
};

/** A link of a chain: what it is, its age, level, size and state. */
export function PictureNode({ place, resourceId, dependsOn, isSelected, isCurrent, onFocus }: PictureNodeProps) {
  const { link } = place;
  const { taken_at: takenAt, level, evidence } = link.backup.backup_sync;
  const isBroken = link.fault === 'own';
  const isDependent = dependsOn !== null;
  const state = isBroken ? 'broken' : isDependent ? 'dependent' : 'whole';
  return (
    <Link
      to="/resources/$resourceId"
      params={{ resourceId }}
      search={(before) => searchOf(link.id, before)}
      resetScroll={false}
      className={`link-node ${state}`}
      aria-current={isSelected ? 'true' : undefined}
      data-current={isCurrent}
      tabIndex={isCurrent ? 0 : -1}
      title={link.backup.name}
      onFocus={onFocus}
      preload={false}
    >
      <span className="kind">
        <Icon name={isBroken ? 'bad' : isDependent ? 'warn' : 'good'} />
        {link.isIncrement ? pictureWords.increment : pictureWords.full}
        {isBroken && <strong>{pictureWords.broken}</strong>}
        {state === 'whole' && <span className="only-for-readers">{pictureWords.whole}</span>}
      </span>
      <Time at={takenAt} />
      <span className="numeric">
        {level ?? unproved}
        <span className="size">{bytes(evidence.stored_bytes)}</span>
      </span>
      {isDependent && (
        <span className="depends">
          {`${pictureWords.dependsOn} `}
          <span className="name">{dependsOn}</span>
        </span>
      )}
    </Link>
  );
}
