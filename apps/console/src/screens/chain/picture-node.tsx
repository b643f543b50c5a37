import { Link } from '@tanstack/react-router';
import { Icon, type IconName } from '../../parts/icon.tsx';
import { Time } from '../../parts/time.tsx';
import { bytes } from '../../words/amounts.ts';
import { pictureWords, unreadWords } from '../../words/chain.ts';
import { unproved } from '../../words/common.ts';
import { searchOf } from './chain-search.ts';
import type { LinkState, Place } from './recorded-link.ts';

type PictureNodeProps = {
  readonly place: Place;
  readonly resourceId: string;
  readonly state: LinkState;
  /** Name of the backup that it needs and that is broken, missing or not read; null if there is none. */
  readonly dependsOn: string | null;
  /** Whether its details are shown. */
  readonly isSelected: boolean;
  /** Whether the Tab key reaches it; arrow keys lead to the others. */
  readonly isCurrent: boolean;
  readonly onFocus: () => void;
};

const icons: Readonly<Record<LinkState, IconName>> = {
  whole: 'good',
  unread: 'warn',
  waiting: 'warn',
  dependent: 'warn',
  broken: 'bad',
};

/** A link of a chain: what it is, its age, level, size and state. */
export function PictureNode({ place, resourceId, state, dependsOn, isSelected, isCurrent, onFocus }: PictureNodeProps) {
  const { link } = place;
  const { taken_at: takenAt, level, reason, evidence } = link.backup.backup_sync;
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
        <Icon name={icons[state]} />
        {link.isIncrement ? pictureWords.increment : pictureWords.full}
        {state === 'broken' && <strong>{pictureWords.broken}</strong>}
        {state === 'whole' && <span className="only-for-readers">{pictureWords.whole}</span>}
      </span>
      <Time at={takenAt} />
      <span className="numeric">
        {state === 'unread' ? (
          unreadWords(reason?.code)
        ) : (
          <>
            {level ?? unproved}
            <span className="size">{bytes(evidence.stored_bytes)}</span>
          </>
        )}
      </span>
      {dependsOn !== null && (
        <span className="depends">
          {`${state === 'waiting' ? pictureWords.waitsFor : pictureWords.dependsOn} `}
          <span className="name">{dependsOn}</span>
        </span>
      )}
    </Link>
  );
}
