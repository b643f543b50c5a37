import type { Picture } from './chain-layout.ts';
import { edgePath, type Geometry } from './picture-geometry.ts';
import type { Place, RecordedLink } from './recorded-link.ts';

/** The lines between the links of a picture. What cannot be restored has a broken line. */
export function PictureEdges({
  picture,
  geometry,
  places,
  causeOf,
}: {
  readonly picture: Picture<RecordedLink>;
  readonly geometry: Geometry;
  readonly places: readonly Place[];
  /** The listed backup that a link depends on. */
  readonly causeOf: (place: Place) => RecordedLink | undefined;
}) {
  const { width, height, boxOf } = geometry;
  const [first] = picture.places;
  const hasMissingParent = first !== undefined && first.column > 0;
  return (
    <svg
      className="edges"
      aria-hidden="true"
      viewBox={`0 0 ${width} ${height}`}
      style={{ inlineSize: `${width}rem`, blockSize: `${height}rem` }}
    >
      {hasMissingParent && (
        <path
          className={first.link.fault === 'parent' ? 'edge broken' : 'edge'}
          d={edgePath(boxOf({ column: 0, row: 0 }), boxOf(first))}
        />
      )}
      {places.map((place) =>
        place.parent === null ? null : (
          <path
            key={place.link.id}
            className={place.dependsOnId === null || causeOf(place)?.fault === 'unread' ? 'edge' : 'edge broken'}
            d={edgePath(boxOf(place.parent), boxOf(place))}
          />
        ),
      )}
    </svg>
  );
}
