import type { OperationKind, VerificationLevel } from '@backup-sync/contracts';

/** Words that several screens use. */
export const common = {
  loading: 'Loading…',
  copy: 'Copy',
  copied: 'Copied',
  copyRefused: 'The browser does not allow copying. Copy the text manually.',
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  none: 'none',
  never: 'never',
  next: 'Next page',
  first: 'First page',
  previous: 'Previous page',
  rows: (from: string, to: string, all: string) => `${from} to ${to} of ${all}`,
  required: 'This field is required.',
  all: 'All',
};

/** What a level proves, in one sentence for a person who does not know the levels. */
export const levelMeanings: Readonly<Record<VerificationLevel, string>> = {
  presence: 'Something is stored at the image path.',
  metadata: 'The metadata can be read and agrees with itself, and every ancestor is found.',
  inventory: 'Exactly the objects that the metadata names are there.',
  linkage: 'What each link stores is exactly what its block hashes say has changed since its parent.',
  content: 'Every stored object was read and matches its hash.',
  replay: 'The whole chain was replayed, and the volume has the right block hashes everywhere.',
};

export const unproved = 'not proved';

export const operationKindWords: Readonly<Record<OperationKind, string>> = {
  import: 'import',
  delete: 'deletion',
  scan: 'scan',
  source_run: 'source run',
  verify: 'verification',
  plan: 'plan',
};
