import { entryBytes } from './header.ts';
import { geometry, type Qcow2Image, readRuns, type TableContext } from './tables.ts';
import { UsedClusters } from './used-clusters.ts';

/** The most clusters of an object of which the used ones are remembered: 64 MiB of memory. */
const clustersMax = 2 ** 28;

/** Why the tables of an image are not checked; null if they can be. */
export function limitOfTables({ source, header }: Qcow2Image): string | null {
  const clusters = Math.ceil(source.bytes / header.clusterBytes);
  return clusters > clustersMax ? `it has ${clusters} clusters, and at most ${clustersMax} are checked` : null;
}

/**
 * Checks that all tables of an image lead into it, and not twice to one place. Throws `ReadFault`, and storage errors.
 */
export async function proveTables(context: TableContext, image: Qcow2Image, firstLevel: DataView): Promise<void> {
  const { header, source } = image;
  const { l1Offset, l1Entries, clusterBytes, refcountTable } = header;
  const used = new UsedClusters(source.bytes, clusterBytes);
  used.add(0, clusterBytes, true);
  const structures = [
    ['first-level table', l1Offset, l1Offset + l1Entries * entryBytes],
    ['table of counts', refcountTable.offset, refcountTable.offset + refcountTable.bytes],
  ] as const;
  for (const [name, start, end] of structures) {
    if (!used.add(start, end, true)) throw geometry(source, `its ${name} is where something else is`);
  }
  for await (const runs of readRuns(context, image, firstLevel, used)) for (const _ of runs);
}
