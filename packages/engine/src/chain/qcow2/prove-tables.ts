import { entryBytes } from './header.ts';
import { geometry, type Qcow2Image, readRuns, type TableContext } from './tables.ts';
import { UsedClusters } from './used-clusters.ts';

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
