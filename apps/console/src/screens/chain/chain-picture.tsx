import { Link } from '@tanstack/react-router';
import {
  type CSSProperties,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Icon } from '../../parts/icon.tsx';
import { pictureWords } from '../../words/chain.ts';
import type { Picture } from './chain-layout.ts';
import { type Direction, directionOf, neighbourOf } from './chain-steps.ts';
import { PictureEdges } from './picture-edges.tsx';
import { type Box, geometryOf, isShown, type Seen, seenAround } from './picture-geometry.ts';
import { PictureNode } from './picture-node.tsx';
import { type Place, type RecordedLink, stateOf } from './recorded-link.ts';

/** The place of the first link. */
const corner = { column: 0, row: 0 };

type ChainPictureProps = {
  readonly name: string;
  readonly picture: Picture<RecordedLink>;
  readonly resourceId: string;
  /** Id of the selected backup, in this picture or another one; null if there is none. */
  readonly selectedId: string | null;
};

/** The picture of a chain. Of a long one, only what is in view is rendered. */
export function ChainPicture({ name, picture, resourceId, selectedId }: ChainPictureProps) {
  const { places } = picture;
  const geometry = useMemo(() => geometryOf(picture), [picture]);
  const place = useRef<HTMLDivElement>(null);
  const selected = places.find(({ link }) => link.id === selectedId);
  const first = selected ?? places.find(({ link }) => link === picture.newest) ?? places[0];
  const [currentId, setCurrent] = useState(first?.link.id);
  const current = places.find(({ link }) => link.id === currentId) ?? first;
  const [seen, setSeen] = useState<Seen>(() => seenAround(geometry.boxOf(first ?? corner)));
  const wantsFocus = useRef(false);

  const look = useCallback(() => {
    const element = place.current;
    if (element !== null) setSeen(seenOf(element));
  }, []);
  const show = useCallback(
    (column: number, row: number) => {
      const element = place.current;
      if (element !== null) scrollTo(element, geometry.boxOf({ column, row }));
    },
    [geometry],
  );

  const [selectedColumn, selectedRow] = [first?.column ?? 0, first?.row ?? 0];
  useLayoutEffect(() => {
    show(selectedColumn, selectedRow);
    look();
  }, [show, look, selectedColumn, selectedRow]);
  useEffect(() => {
    if (selected !== undefined) setCurrent(selected.link.id);
  }, [selected]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, [look]);
  useEffect(() => {
    if (!wantsFocus.current || currentId === undefined) return;
    wantsFocus.current = false;
    place.current?.querySelector<HTMLElement>('[data-current="true"]')?.focus({ preventScroll: true });
  }, [currentId]);

  const step = (direction: Direction) => {
    const next = current === undefined ? undefined : neighbourOf(places, current, direction);
    if (next === undefined) return;
    wantsFocus.current = true;
    setCurrent(next.link.id);
    show(next.column, next.row);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = directionOf(event.key);
    if (direction === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    step(direction);
  };

  const links = new Map(places.map(({ link }) => [link.id, link]));
  const causeOf = ({ dependsOnId }: Place) => (dependsOnId === null ? undefined : links.get(dependsOnId));
  const shown = places.filter((each) => each === current || each === selected || isShown(geometry.boxOf(each), seen));
  return (
    <div ref={place} className="chain-picture" onScroll={look}>
      <div className="canvas" style={{ inlineSize: `${geometry.width}rem`, blockSize: `${geometry.height}rem` }}>
        <PictureEdges picture={picture} geometry={geometry} places={shown} causeOf={causeOf} />
        <ul aria-label={name} onKeyDown={onKeyDown}>
          {picture.start !== 'full' && picture.start !== 'circle' && (
            <MissingParent picture={picture} box={geometry.boxOf(corner)} />
          )}
          {shown.map((each) => (
            <li key={each.link.id} className="place" style={styleOf(geometry.boxOf(each))}>
              <PictureNode
                place={each}
                isSelected={each === selected}
                isCurrent={each === current}
                onFocus={() => setCurrent(each.link.id)}
                resourceId={resourceId}
                state={stateOf(each, causeOf(each))}
                dependsOn={causeOf(each)?.backup.name ?? each.dependsOnId}
              />
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** The first place of a chain whose full backup is not listed. */
function MissingParent({ picture, box }: { readonly picture: Picture<RecordedLink>; readonly box: Box }) {
  const { missingParentId: id, places } = picture;
  const isNeeded = places[0]?.dependsOnId === id && id !== null;
  const isMissing = places[0]?.link.backup.backup_sync.reason?.code === 'parent_missing';
  const className = isNeeded ? 'link-node missing broken' : 'link-node missing';
  return (
    <li className="place" style={styleOf(box)}>
      {id === null ? (
        <span className={className}>{pictureWords.parentUnknown}</span>
      ) : (
        <Link to="/backups/$backupId" params={{ backupId: id }} className={className}>
          <span className="kind">
            {isNeeded && <Icon name="bad" />}
            {isMissing ? pictureWords.missing : pictureWords.parentNotListed}
          </span>
          <span className="name id">{id}</span>
        </Link>
      )}
    </li>
  );
}

function styleOf({ left, top, width, height }: Box): CSSProperties {
  return { left: `${left}rem`, top: `${top}rem`, width: `${width}rem`, height: `${height}rem` };
}

/** Pixels of a rem, in which places are given. */
function remPx(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function seenOf({ scrollLeft, scrollTop, clientWidth, clientHeight }: HTMLElement): Seen {
  const unit = remPx();
  return {
    left: scrollLeft / unit,
    right: (scrollLeft + clientWidth) / unit,
    top: scrollTop / unit,
    bottom: (scrollTop + clientHeight) / unit,
  };
}

/** Brings a place to the middle, without moving the page. */
function scrollTo(element: HTMLElement, { left, top, width, height }: Box): void {
  const unit = remPx();
  element.scrollLeft = (left + width / 2) * unit - element.clientWidth / 2;
  element.scrollTop = (top + height / 2) * unit - element.clientHeight / 2;
}
