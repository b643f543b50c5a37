import { useEffect, useState } from 'react';
import { Notice } from '../../parts/notices.tsx';
import { chainWords, pictureWords } from '../../words/chain.ts';
import type { Picture } from './chain-layout.ts';
import { ChainPicture } from './chain-picture.tsx';
import { aboutPicture, type RecordedLink } from './recorded-link.ts';

/** Folded chains that are added at a time. */
const addedChains = 20;

type Chains = {
  readonly pictures: readonly Picture<RecordedLink>[];
  readonly resourceId: string;
  readonly selectedId: string | null;
};

/** The chains of a resource: the newest one, and the earlier ones folded. */
export function ChainPictures({ pictures, resourceId, selectedId }: Chains) {
  const [most, setMost] = useState(addedChains);
  const [newest, ...earlier] = pictures;
  // The chain of the selected backup is there, however old it is.
  const shown = earlier.filter((picture, index) => index < most || hasLink(picture, selectedId));
  if (newest === undefined) return null;
  return (
    <div className="stack chains">
      <div className="stack">
        <p className="quiet">{aboutPicture(newest)}</p>
        <Drawn picture={newest} resourceId={resourceId} selectedId={selectedId} />
      </div>
      {shown.map((picture) => (
        <Folded key={picture.key} picture={picture} resourceId={resourceId} selectedId={selectedId} />
      ))}
      {earlier.length > most && (
        <div className="actions">
          <button type="button" className="button" onClick={() => setMost(most + addedChains)}>
            {chainWords.moreChains(Math.min(earlier.length - most, addedChains))}
          </button>
        </div>
      )}
    </div>
  );
}

type OneChain = Omit<Chains, 'pictures'> & { readonly picture: Picture<RecordedLink> };

/** An earlier chain. It is drawn once it is opened, or a backup of it is selected. */
function Folded({ picture, resourceId, selectedId }: OneChain) {
  const isSelected = hasLink(picture, selectedId);
  const [isOpen, setOpen] = useState(isSelected);
  useEffect(() => {
    if (isSelected) setOpen(true);
  }, [isSelected]);
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{aboutPicture(picture)}</summary>
      {isOpen && <Drawn picture={picture} resourceId={resourceId} selectedId={selectedId} />}
    </details>
  );
}

function Drawn({ picture, resourceId, selectedId }: OneChain) {
  return (
    <>
      {picture.start === 'circle' && (
        <Notice tone="bad">
          <p>{pictureWords.circle}</p>
        </Notice>
      )}
      <ChainPicture
        name={pictureWords.name(aboutPicture(picture))}
        picture={picture}
        resourceId={resourceId}
        selectedId={selectedId}
      />
    </>
  );
}

function hasLink({ places }: Picture<RecordedLink>, id: string | null): boolean {
  return id !== null && places.some(({ link }) => link.id === id);
}
