import { expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { itemOfSample, samplesOf } from '../../../testing/format-samples.ts';
import { proveContent } from '../../content/prove-content.ts';
import { openChain } from '../../examiner.ts';
import { etcdFormat } from './etcd-format.ts';

const signal = new AbortController().signal;

type Sample = {
  readonly bucket: string;
  readonly image_path: string;
  readonly backup_id: string;
  readonly created_at: number;
  readonly expected_level: { readonly sync: string; readonly verify: string };
  readonly stored_bytes: number;
};

const { areThere, openStorage, read } = samplesOf<Sample>('etcd');

test.skipIf(!areThere)(
  'snapshots that etcd itself wrote reach the level that each can have (needs ../shared/fixtures)',
  async () => {
    await using storage = await openStorage();
    const samples = await read();
    const found: string[] = [];
    for (const { bucket, image_path: imagePath, ...sample } of samples) {
      const pages = storage.list({ bucket, prefix: imagePath });
      for await (const { candidates } of findCandidates(pages, { prefix: imagePath, formats: null, template: null })) {
        found.push(...candidates.map((candidate) => `${candidate.format} ${candidate.imagePath}`));
      }
      const described = await etcdFormat.describe({ storage, bucketName: bucket, signal }, imagePath);
      expect(described).toMatchObject({ originalName: sample.backup_id, createdAtS: sample.created_at });
      expect(described.backupId).toMatch(new RegExp(`^${sample.backup_id}-[0-9a-f]{12}$`));
      expect(described.resourceName).toBe('cluster-a');

      const chain = await openChain(chainContext(storage, bucket, [imagePath]));
      const item = itemOfSample(described, bucket, imagePath);
      const examination = await chain.examine(item);
      expect(examination).toMatchObject({
        ...{ format: 'etcd', level: sample.expected_level.sync, fault: null },
        ...{ form: { ceiling: sample.expected_level.verify }, listing: { storedBytes: sample.stored_bytes } },
      });
      for (const link of (await chain.openData(item))?.links ?? []) {
        expect(await proveContent(link, { storage, threads: null, signal })).toMatchObject({ objects: 1, fault: null });
      }
    }
    expect(found).toEqual(samples.map((sample) => `etcd ${sample.image_path}`));
  },
);
