import { describe, expect, test } from 'vitest';
import {
  change,
  examinePackage,
  type Files,
  flip,
  folder,
  gone,
  provePackage,
  withManifest,
} from '../../../testing/changed-package.ts';
import { diskBytes, filesOfPackage, grainsOfDisk, planOfPackage } from '../../../testing/ovf-writer.ts';
import { type VmdkKind, writeVmdk } from '../../../testing/vmdk-writer.ts';

/** A package that references only the descriptor of its disk, as the disk has extents in other files. */
function withExtents(kind: VmdkKind): { readonly referenced: Files; readonly extents: Files } {
  const [disk, ...extents] = writeVmdk({
    ...{ folder: '', name: 'disk', kind, extentGrains: [8], contentId: 7, parent: null },
    grains: grainsOfDisk(kind, false),
  }).objects;
  if (disk === undefined) throw new TypeError('a disk has a descriptor');
  const disks = [{ id: 'base', file: { name: 'disk.vmdk', bytes: disk[1] }, capacityBytes: diskBytes }];
  return { referenced: filesOfPackage(planOfPackage(folder, { disks, algorithm: null })), extents };
}

describe.each<VmdkKind>(['monolithicFlat', 'twoGbMaxExtentFlat', 'twoGbMaxExtentSparse'])('a %s disk', (kind) => {
  const { referenced, extents } = withExtents(kind);
  const [[extent] = ['', new Uint8Array()]] = extents;

  test('cannot be proved to content if the manifest has no digests of its extents', async () => {
    expect(await examinePackage(withManifest([...referenced, ...extents], 'sha256', referenced))).toMatchObject({
      ...{ level: 'linkage', fault: null, remark: null, form: { ceiling: 'linkage', gaps: ['no_digest'] } },
    });
  });

  test('can be if it has them, and damage of an extent is found', async () => {
    const files = withManifest([...referenced, ...extents]);
    expect(await examinePackage(files)).toMatchObject({
      ...{ level: 'linkage', fault: null, remark: null, form: { ceiling: 'content', gaps: [] } },
    });
    expect(await provePackage(change(files, extent, (bytes) => flip(bytes.length - 1)(bytes)))).toBe(
      'content: content_mismatch',
    );
  });

  test('shows an extent that is gone', async () => {
    const files = withManifest([...referenced, ...extents], 'sha256', referenced);
    expect(await provePackage(change(files, extent, gone))).toMatch(/^(?:inventory|linkage): object_missing$/);
  });
});
