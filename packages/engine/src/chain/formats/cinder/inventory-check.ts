import { counted } from '@backup-sync/contracts';
import { leastStoredBytes } from '../../compression/least-stored-bytes.ts';
import type { Fault } from '../../proof/link.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';
import { objectSuffix } from './image-path.ts';
import type { NamedObjects } from './named-objects.ts';

export type InventoryInput = {
  readonly imagePath: string;
  readonly named: NamedObjects;
  readonly listed: ListedObjects;
  readonly strayKey: string | null;
  /** True for writers until May 2015, which compressed an object even if that made it larger. */
  readonly mayGrowCompressed: boolean;
};

/** Checks that exactly the named objects are listed, numbered 1 to n, each of a possible size. Null if they are. */
export function checkInventory(input: InventoryInput): Fault | null {
  return checkNames(input) ?? checkSizes(input);
}

function checkNames({ imagePath, named, listed, strayKey }: InventoryInput): Fault | null {
  let missing: number | null = null;
  let missingCount = 0;
  let stray: number | null = null;
  let [at, listedAt] = [0, 0];
  while (at < named.count || listedAt < listed.count) {
    const namedNumber = at < named.count ? named.numberAt(named.rowAt(at)) : Number.POSITIVE_INFINITY;
    const listedNumber = listedAt < listed.count ? listed.numberAt(listed.rowAt(listedAt)) : Number.POSITIVE_INFINITY;
    if (namedNumber < listedNumber) {
      missing ??= namedNumber;
      missingCount += 1;
    }
    if (listedNumber < namedNumber) stray ??= listedNumber;
    if (namedNumber <= listedNumber) at += 1;
    if (listedNumber <= namedNumber) listedAt += 1;
  }
  if (missing !== null) {
    const count = named.leftOut === 0 ? `${missingCount}` : `at least ${missingCount}`;
    const others = missingCount > 1 ? `, the first of ${count} that are missing` : '';
    return found('object_missing', `${imagePath}${objectSuffix(missing)}${others}`);
  }
  if (stray !== null) return found('object_stray', `${imagePath}${objectSuffix(stray)}`);
  if (strayKey !== null) return found('object_stray', strayKey);
  for (let expected = 1; expected <= named.count; expected += 1) {
    if (named.numberAt(named.rowAt(expected - 1)) !== expected) {
      const key = `${imagePath}${objectSuffix(expected)}`;
      return found('object_missing', `${key} is neither named nor stored, but objects with higher numbers are`);
    }
  }
  return null;
}

function checkSizes({ imagePath, named, listed, mayGrowCompressed }: InventoryInput): Fault | null {
  for (let place = 0; place < named.count; place += 1) {
    const row = named.rowAt(place);
    const size = listed.sizeAt(listed.rowAt(place));
    const length = named.lengthAt(row);
    const least = leastStoredBytes(named.compressionAt(row), length);
    const isPossible = named.isCompressedAt(row)
      ? size >= least && (size < length || mayGrowCompressed)
      : size === length;
    if (isPossible) continue;
    const key = `${imagePath}${objectSuffix(named.numberAt(row))}`;
    const possible = named.isCompressedAt(row)
      ? `at least ${least} and less than ${length}, since it is compressed`
      : `${length}`;
    return found('object_size_impossible', `${key} has ${counted(size, 'byte')}, but must have ${possible}`);
  }
  return null;
}

function found(code: Fault['code'], detail: string): Fault {
  return { code, detail };
}
