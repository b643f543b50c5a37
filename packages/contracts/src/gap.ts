import { z } from 'zod';
import { reaches, type VerificationLevel, verificationLevel, verificationLevels } from './verification.ts';

/** What a gap means. */
type GapDefinition = {
  /** The lowest level at which a fault could stay unseen. */
  readonly level: VerificationLevel;
  /** What cannot be seen, and why: a sentence without a period. */
  readonly text: string;
};

/** What cannot be seen of some backups, because of their format or form. Codes are permanent. */
const gaps = {
  format_unknown: {
    level: 'metadata',
    text: 'no known format describes the stored objects, so missing or damaged ones cannot be seen',
  },
  format_not_read: {
    level: 'metadata',
    text: 'this release recognises the format but does not read it, so missing or damaged objects cannot be seen',
  },
  format_closed: {
    level: 'metadata',
    text: 'only the program of this closed format can read it, so missing or damaged objects cannot be seen',
  },
  contents_encrypted: {
    level: 'metadata',
    text: 'only the password of the repository shows what is stored in it, so missing or damaged objects cannot be seen',
  },
  no_block_map: {
    level: 'metadata',
    text: 'the backup is a single file without a map of blocks, so missing or damaged data cannot be seen',
  },
  too_many_objects: {
    level: 'inventory',
    text: 'the backup has more objects than can be compared with a listing, so missing ones cannot be seen',
  },
  packs_unlisted: {
    level: 'inventory',
    text: 'the list of packs is encrypted, so missing packs cannot be seen without the password',
  },
  objects_disappeared: {
    level: 'inventory',
    text: 'stored objects are gone although no index was written since, so a loss cannot be told from a prune of what an interrupted backup left: run "restic check"',
  },
  no_block_hashes: {
    level: 'linkage',
    text: 'the backup or its parent has no block hashes, so blocks that should have been stored cannot be seen',
  },
  size_unknown: {
    level: 'inventory',
    text: 'nothing says how large a file of the backup must be, so a truncated one cannot be seen',
  },
  data_elsewhere: {
    level: 'inventory',
    text: 'the data is on a device or in files outside the bucket, so missing or damaged data cannot be seen',
  },
  block_map_unread: {
    level: 'linkage',
    text: 'the map of blocks of this form is not read, so truncated or damaged data cannot be seen',
  },
  parent_by_name_only: {
    level: 'linkage',
    text: 'only a name ties the backup to its parent, so a parent that was replaced cannot be seen',
  },
  data_encrypted: {
    level: 'content',
    text: 'the data is encrypted, so damage of it cannot be seen without the key',
  },
  no_digest: {
    level: 'content',
    text: 'the backup has no hash of its content, so damaged data cannot be seen',
  },
} as const satisfies Record<string, GapDefinition>;

export type GapCode = keyof typeof gaps;
const gapCodes = Object.keys(gaps) as [GapCode, ...GapCode[]];

export const gap = z
  .object({
    // Not an enumeration: servers of later releases have more.
    code: z.string().meta({ description: `Code of the gap: ${gapCodes.join(', ')}. Later releases may have more.` }),
    level: verificationLevel.meta({
      description: 'The lowest level at which a fault could stay unseen. The backup does not count as proved to it.',
    }),
    message: z.string().meta({ description: 'What cannot be seen, and why.' }),
  })
  .meta({ id: 'Gap', description: 'What cannot be seen of a backup, because of its format or form.' });
export type Gap = z.infer<typeof gap>;

/** Builds the shown form of gaps, the lowest level first. */
function describeGaps(codes: readonly GapCode[]): Gap[] {
  return codes.map((code) => ({ code, level: gaps[code].level, message: gaps[code].text })).toSorted(byLevel);
}

/** The lowest level of these gaps; null if there are none. */
export function levelOfGaps(codes: readonly GapCode[]): VerificationLevel | null {
  return describeGaps(codes)[0]?.level ?? null;
}

/** The level at which a backup counts as proved: below the lowest level of its gaps. Null if that is none. */
export function countedLevel(
  level: VerificationLevel | null,
  gapLevel: VerificationLevel | null,
): VerificationLevel | null {
  if (level === null || gapLevel === null || !reaches(level, gapLevel)) return level;
  return verificationLevels[verificationLevels.indexOf(gapLevel) - 1] ?? null;
}

/** Builds the shown form of what the format and form of a backup allow; null if that is not known. */
export function describeForm(form: { readonly ceiling: VerificationLevel; readonly gaps: readonly GapCode[] } | null): {
  ceiling: VerificationLevel | null;
  gaps: Gap[];
} {
  return { ceiling: form?.ceiling ?? null, gaps: describeGaps(form?.gaps ?? []) };
}

function byLevel(one: Gap, other: Gap): number {
  return verificationLevels.indexOf(one.level) - verificationLevels.indexOf(other.level);
}

/** Fields of everything that shows how far a backup can be proved. Servers of earlier releases send neither of them. */
export const limitsOfProof = {
  ceiling: verificationLevel.nullable().default(null).meta({
    description:
      'Highest level to which a backup of this format and form can be proved; null if that is not known yet.',
  }),
  gaps: z.array(gap).default([]).meta({ description: 'What cannot be seen, the lowest level first.' }),
};
