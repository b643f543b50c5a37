import type { PathTemplate } from '@backup-sync/contracts';
import { isNamedByKnownFormat, type MarkedFormat, markedFormatNames, recogniseMark } from '../../chain/marks.ts';
import type { ObjectEntry } from '../../storage/port.ts';
import { type TemplateGroup, TemplateGroups } from './template-groups.ts';

/** A backup that a listing shows: by its commit mark, or, in no known format, by its path. */
export type Candidate =
  | { readonly format: MarkedFormat; readonly imagePath: string; readonly mark: ObjectEntry }
  | ({ readonly format: 'unknown' } & TemplateGroup);

/** What a page of a listing has shown. */
export type CandidatePage = { readonly objects: number; readonly candidates: readonly Candidate[] };

/**
 * Picks the backups out of a listing, page by page: what is held is one page and the groups that are open on the
 * template, however long the listing is. The last page has no objects, and what was open at the end.
 */
export async function* findCandidates(
  pages: AsyncIterable<readonly ObjectEntry[]>,
  wanted: {
    readonly prefix: string;
    readonly formats: readonly MarkedFormat[] | null;
    readonly template: PathTemplate | null;
  },
): AsyncGenerator<CandidatePage> {
  const formats = wanted.formats ?? markedFormatNames;
  const groups = wanted.template === null ? null : new TemplateGroups(wanted.template, wanted.prefix);
  for await (const page of pages) {
    const candidates: Candidate[] = [];
    for (const entry of page) {
      // A template must not take for its own what another format has, whether that is wanted or not.
      const mark = recogniseMark(entry.key, groups === null ? formats : markedFormatNames);
      if (mark !== null) {
        if (formats.includes(mark.format)) candidates.push({ ...mark, mark: entry });
        groups?.drop(entry.key);
      } else if (groups !== null && !isNamedByKnownFormat(entry.key)) {
        candidates.push(...groups.add(entry).map(unknown));
      }
    }
    yield { objects: page.length, candidates };
  }
  if (groups !== null) yield { objects: 0, candidates: groups.end().map(unknown) };
}

function unknown(group: TemplateGroup): Candidate {
  return { format: 'unknown', ...group };
}
