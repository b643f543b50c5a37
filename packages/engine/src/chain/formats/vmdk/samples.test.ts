import type { VerificationLevel } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { findNamedFiles } from '../../../scans/named-files.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { itemOfSample, samplesOf } from '../../../testing/format-samples.ts';
import { volumesOf } from '../../data.ts';
import { openChain } from '../../examiner.ts';
import { replayChain } from '../../replay/replay-chain.ts';
import { idOfVmdk } from './vmdk-chain.ts';
import { vmdkFormat } from './vmdk-format.ts';

const signal = new AbortController().signal;

type Sample = {
  readonly bucket: string;
  readonly image_path: string;
  readonly backup_id: string;
  readonly parent: string | null;
  readonly resource: string;
  readonly expected_level: { readonly sync: VerificationLevel };
  readonly stored_bytes: number;
  readonly objects: number;
  readonly size: number;
  readonly sha256: string;
};

const { areThere, openStorage, read } = samplesOf<Sample>('vmdk');

test.skipIf(!areThere)(
  'disks that qemu-img wrote, and one in the layout of VMware, are proved and expanded (needs ../shared/fixtures)',
  async () => {
    await using storage = await openStorage();
    const samples = await read();
    const [{ bucket } = { bucket: '' }] = samples;
    const found: string[] = [];
    const pages = storage.list({ bucket, prefix: '' });
    for await (const { candidates } of findCandidates(pages, { prefix: '', formats: null, template: null })) {
      const named = await findNamedFiles({ storage, bucketName: bucket, signal }, candidates);
      const own = candidates.filter((each) => !named.has(each));
      found.push(...own.map(({ kind, format, imagePath }) => `${kind} ${format} ${imagePath}`));
    }
    expect(found.toSorted()).toEqual(samples.map((sample) => `committed vmdk ${sample.image_path}`).toSorted());

    for (const { image_path: imagePath, ...sample } of samples) {
      const described = await vmdkFormat.describe({ storage, bucketName: bucket, signal }, imagePath);
      const parentPath =
        sample.parent === null ? null : imagePath.replace(`/${sample.backup_id}.`, `/${sample.parent}.`);
      const parentBackupId = parentPath === null ? null : idOfVmdk(bucket, parentPath);
      expect(described).toMatchObject({
        ...{ originalName: sample.backup_id, resourceName: sample.resource, parentBackupId },
        backupId: expect.stringMatching(new RegExp(`^${sample.backup_id}-[0-9a-f]{12}$`)),
      });

      const chain = await openChain(chainContext(storage, bucket, [imagePath]));
      const item = itemOfSample(described, bucket, imagePath);
      const examination = await chain.examine(item);
      expect(examination).toMatchObject({
        ...{ format: 'vmdk', level: sample.expected_level.sync, fault: null, limit: null, parentBackupId },
        ...{ form: { ceiling: 'linkage', gaps: ['no_digest'] }, volumeBytes: sample.size },
        listing: { storedBytes: sample.stored_bytes, objectCount: sample.objects },
      });
      const data = await chain.openData(item);
      const [{ volume } = { volume: { links: [] } }] = data === null ? [] : volumesOf(data);
      const replay = await replayChain(volume, { storage, opening: null, sink: null, signal });
      expect(replay).toMatchObject({ fault: null, volumeBytes: sample.size, sha256: sample.sha256 });
    }
  },
);
