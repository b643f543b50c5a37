import { expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { itemOfSample, samplesOf } from '../../../testing/format-samples.ts';
import { proveContent } from '../../content/prove-content.ts';
import { openChain } from '../../examiner.ts';
import { resticFormat } from './restic-format.ts';

const signal = new AbortController().signal;

type Sample = {
  readonly bucket: string;
  readonly image_path: string;
  readonly backup_id: string;
  readonly resource: string;
  readonly expected_level: { readonly sync: string };
  readonly objects: number;
  readonly stored_bytes: number;
};

const { areThere, openStorage, read } = samplesOf<Sample>('restic');

test.skipIf(!areThere)(
  'snapshots that restic itself wrote reach the level that they can have (needs ../shared/fixtures)',
  async () => {
    await using storage = await openStorage();
    const samples = await read();
    const found: string[] = [];
    const bucket = samples[0]?.bucket ?? '';
    const pages = storage.list({ bucket, prefix: '' });
    for await (const { candidates } of findCandidates(pages, { prefix: '', formats: null, template: null })) {
      found.push(...candidates.map((candidate) => `${candidate.format} ${candidate.imagePath}`));
    }
    expect(found.toSorted()).toEqual(samples.map((sample) => `restic ${sample.image_path}`).toSorted());

    let keys = 0;
    for await (const page of storage.list({ bucket, prefix: '' })) {
      keys += page.filter(({ key }) => key.includes('/keys/')).length;
    }
    const imagePaths = samples.map((sample) => sample.image_path);
    const chain = await openChain(chainContext(storage, bucket, imagePaths, { dataFollows: true }));
    for (const sample of samples) {
      const described = await resticFormat.describe({ storage, bucketName: bucket, signal }, sample.image_path);
      expect(described).toMatchObject({ backupId: sample.backup_id, resourceName: sample.resource });
      const item = itemOfSample(described, bucket, sample.image_path);
      expect(await chain.examine(item)).toMatchObject({
        ...{ format: 'restic', level: sample.expected_level.sync, fault: null, remark: null, formatTime: null },
        ...{ form: { ceiling: 'metadata', gaps: ['packs_unlisted'] } },
        listing: { objectCount: sample.objects, storedBytes: sample.stored_bytes },
      });
      const [link] = (await chain.openData(item))?.links ?? [];
      if (link === undefined) throw new Error('a snapshot has data');
      // Everything but the other snapshots and the keys, which were read before.
      const objects = sample.objects - samples.length + 1 - keys;
      expect(await proveContent(link, { storage, threads: null, signal })).toMatchObject({
        ...{ provedObjects: objects, fault: null },
      });
    }
  },
);
