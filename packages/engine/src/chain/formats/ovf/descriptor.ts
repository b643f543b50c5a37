import { quote } from '../../../quote.ts';

/** A file of a package, as the descriptor references it. */
export type DescribedFile = {
  readonly id: string;
  /** As written: relative to the descriptor, in a sound package. */
  readonly href: string;
  /** Number of stored bytes; null if the descriptor does not say. Some writers are wrong about it. */
  readonly bytes: number | null;
  readonly isCompressed: boolean;
  /** Number of bytes of each of the parts that the file is stored in; null if it is stored whole. */
  readonly chunkBytes: number | null;
};

/** A disk of a package. */
export type DescribedDisk = {
  readonly id: string;
  /** Id of its file; null for an empty disk. */
  readonly fileId: string | null;
  /** Id of the disk on which this one builds; null if it stands alone. */
  readonly parentId: string | null;
  /** Null if the descriptor leaves it open until the package is deployed, or has units that are not known. */
  readonly capacity: Capacity | null;
  /** The address of the description of its format; null if the descriptor does not say. */
  readonly format: string | null;
};

/** The size of a disk. Writers may round it to whole units. */
export type Capacity = { readonly bytes: number; readonly unitBytes: number };

/** What a descriptor says of a package, as far as it matters here. */
export type Descriptor = {
  /** The name of the virtual machine, or of the collection of them; null if it has none. */
  readonly systemName: string | null;
  readonly files: readonly DescribedFile[];
  readonly disks: readonly DescribedDisk[];
};

/** Maximum number of files of a descriptor, and of its disks, at some 300 bytes of memory each. */
export const describedMax = 100_000;

/** What contradicts itself in a descriptor; null if nothing does. Pure. */
export function findContradiction({ files, disks }: Descriptor, filesNamed: ReadonlySet<string>): string | null {
  const fileIds = new Set<string>();
  for (const { id } of files) {
    if (fileIds.has(id)) return `two files have the id ${quote(id)}`;
    fileIds.add(id);
  }
  for (const id of filesNamed) {
    if (!fileIds.has(id)) return `it names a file ${quote(id)}, which it does not reference`;
  }
  const parents = new Map<string, string | null>();
  for (const { id, parentId } of disks) {
    if (parents.has(id)) return `two disks have the id ${quote(id)}`;
    parents.set(id, parentId);
  }
  for (const { id, parentId } of disks) {
    if (parentId !== null && !parents.has(parentId)) {
      return `disk ${quote(id)} builds on a disk ${quote(parentId)}, which is not there`;
    }
  }
  const inCycle = findCycle(parents);
  return inCycle === null ? null : `disk ${quote(inCycle)} builds on itself`;
}

/** An id that leads back to itself; null if there is none. Follows each parent once. */
function findCycle(parents: ReadonlyMap<string, string | null>): string | null {
  const isSound = new Set<string>();
  for (const start of parents.keys()) {
    const path = new Set<string>();
    for (let id: string | null = start; id !== null && !isSound.has(id); id = parents.get(id) ?? null) {
      if (path.has(id)) return id;
      path.add(id);
    }
    for (const id of path) isSound.add(id);
  }
  return null;
}

/** Units of a capacity: `byte * 2^20`, and the names of early descriptors. */
const unitPattern = /^byte(?:\s*\*\s*(\d{1,4})\s*\^\s*(\d{1,2}))?$/i;
const unitNames: Readonly<Record<string, number>> = { kilobytes: 2 ** 10, megabytes: 2 ** 20, gigabytes: 2 ** 30 };

/**
 * A capacity in its units (bytes if they are absent); null if it names a property, or units that are not known.
 * Undefined if it is not a number.
 */
export function capacityOf(capacity: string, units: string | null): Capacity | null | undefined {
  if (/^\$\{.*\}$/.test(capacity)) return null;
  if (!/^\d{1,18}$/.test(capacity)) return undefined;
  const unitBytes = units === null || units.trim() === '' ? 1 : unitOf(units.trim());
  if (unitBytes === null) return null;
  const bytes = Number(capacity) * unitBytes;
  return Number.isSafeInteger(bytes) ? { bytes, unitBytes } : undefined;
}

function unitOf(units: string): number | null {
  const [match, base, exponent] = unitPattern.exec(units) ?? [];
  if (match === undefined) return unitNames[units.toLowerCase()] ?? null;
  return base === undefined ? 1 : Number(base) ** Number(exponent);
}
