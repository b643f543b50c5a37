import type { PathTemplate } from '@backup-sync/contracts';
import { findOwner, findPart, type KnownFormat, knownFormatNames } from '../chain/formats/formats.ts';
import { isMinioFile } from '../chain/minio-layout.ts';
import type { ObjectEntry } from '../storage/port.ts';
import { type BegunBackup, BegunBackups } from './begun-backups.ts';
import { isPassedOver } from './passed-over.ts';
import { type TemplateGroup, TemplateGroups } from './template-groups.ts';

/** A backup that a listing shows: by its commit mark, only by other objects, or, in an unknown format, by its path. */
export type Candidate =
  | ({ readonly kind: 'committed'; readonly mark: ObjectEntry } & Omit<BegunBackup, 'newestAtMs'>)
  | ({ readonly kind: 'begun' } & BegunBackup)
  | ({ readonly kind: 'unknown'; readonly format: 'unknown' } & TemplateGroup);

/** The result of one page of a listing. */
export type CandidatePage = {
  readonly objects: number;
  /** Of these, objects in ignored snapshot folders. */
  readonly passedOver: number;
  /** Of these, files in MinIO's own disk layout. */
  readonly minioFiles: number;
  readonly candidates: readonly Candidate[];
};

/**
 * Finds the backups in a listing, page by page. Keeps one page in memory and the backups open at its end, however long
 * the listing is. The last page has no objects, only the backups that were open at the end.
 */
export async function* findCandidates(
  pages: AsyncIterable<readonly ObjectEntry[]>,
  wanted: {
    readonly prefix: string;
    readonly formats: readonly KnownFormat[] | null;
    readonly template: PathTemplate | null;
  },
  isRecorded: (imagePath: string) => boolean = () => false,
): AsyncGenerator<CandidatePage> {
  const formats = wanted.formats ?? knownFormatNames;
  const groups = wanted.template === null ? null : new TemplateGroups(wanted.template, wanted.prefix);
  const backups = new BegunBackups(wanted.prefix);
  for await (const page of pages) {
    const candidates: Candidate[] = [];
    let [passedOver, minioFiles] = [0, 0];
    for (const entry of page) {
      if (isPassedOver(entry.key, wanted.prefix)) {
        passedOver += 1;
        continue;
      }
      if (isMinioFile(entry.key, entry.etag !== null)) minioFiles += 1;
      const owner = groups === null ? null : findOwner(entry.key);
      // The template says what a backup is there: a disk in a folder that it matches is a file of that backup.
      const isInGroup = owner?.isOfPlainFiles === true && groups?.hasBelow(entry.key, owner.imagePath) === true;
      const isFileOfGroup = isInGroup && !isRecorded(owner.imagePath);
      // A template must not match objects of another format, whether that format is wanted or not.
      const part = isFileOfGroup ? null : findPart(entry.key, groups === null ? formats : knownFormatNames);
      candidates.push(...(groups?.endBefore(entry.key) ?? []).map(unknown));
      const isWanted = part !== null && formats.includes(part.format);
      const { isCommit, ended } = backups.add(entry, isWanted ? part : null);
      candidates.push(...ended.map(begun));
      if (part !== null) {
        if (isCommit) candidates.push({ kind: 'committed', ...part, mark: entry });
        if (isInGroup) continue;
        // The commit mark may be next to the image path.
        const released = [entry.key, part.imagePath].flatMap((each) => groups?.drop(each) ?? []);
        candidates.push(...released.flatMap((each) => candidateAlone(each, formats)));
      } else if (owner === null || isFileOfGroup) {
        groups?.add(entry, isFileOfGroup && findPart(entry.key, formats) !== null);
      }
    }
    yield { objects: page.length, passedOver, minioFiles, candidates };
  }
  const candidates = [...backups.end().map(begun), ...(groups?.end() ?? []).map(unknown)];
  yield { objects: 0, passedOver: 0, minioFiles: 0, candidates };
}

/** The backup that an object is by itself, in one of these formats; none if it is not. */
function candidateAlone(entry: ObjectEntry, formats: readonly KnownFormat[]): readonly Candidate[] {
  const part = findPart(entry.key, formats);
  if (part === null) return [];
  const alone = new BegunBackups('');
  const { isCommit } = alone.add(entry, part);
  return isCommit ? [{ kind: 'committed', ...part, mark: entry }] : alone.end().map(begun);
}

function begun(backup: BegunBackup): Candidate {
  return { kind: 'begun', ...backup };
}

function unknown(group: TemplateGroup): Candidate {
  return { kind: 'unknown', format: 'unknown', ...group };
}
