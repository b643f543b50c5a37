import { expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { itemOfSample, samplesOf } from '../../../testing/format-samples.ts';
import { proveContent } from '../../content/prove-content.ts';
import { volumesOf } from '../../data.ts';
import { openChain } from '../../examiner.ts';
import { replayChain } from '../../replay/replay-chain.ts';
import { qcow2Format } from './qcow2-format.ts';

const signal = new AbortController().signal;

type Sample = {
  readonly bucket: string;
  readonly image_path: string;
  readonly backup_id: string;
  readonly parent: string | null;
  readonly expected_level: { readonly sync: string; readonly verify: string };
  readonly stored_bytes: number;
  readonly size: number;
  readonly sha256: string;
};

const { areThere, openStorage, read } = samplesOf<Sample>('qcow2');

test.skipIf(!areThere)(
  'images that qemu-img wrote reach the level that each can have, and expand to their volumes (needs ../shared/fixtures)',
  async () => {
    await using storage = await openStorage();
    const samples = await read();
    const found: string[] = [];
    const resources = new Map<string, string>();
    for (const { bucket, image_path: imagePath, ...sample } of samples) {
      const pages = storage.list({ bucket, prefix: imagePath });
      for await (const { candidates } of findCandidates(pages, { prefix: imagePath, formats: null, template: null })) {
        found.push(...candidates.map((candidate) => `${candidate.format} ${candidate.imagePath}`));
      }
      const described = await qcow2Format.describe({ storage, bucketName: bucket, signal }, imagePath);
      expect(described).toMatchObject({ originalName: sample.backup_id });
      const idOf = (name: string) => expect.stringMatching(new RegExp(`^${name}-[0-9a-f]{12}$`));
      expect(described.backupId).toEqual(idOf(sample.backup_id));
      expect(described.parentBackupId).toEqual(sample.parent === null ? null : idOf(sample.parent));
      resources.set(sample.backup_id, described.resourceId);

      const chain = await openChain(chainContext(storage, bucket, [imagePath]));
      const item = itemOfSample(described, bucket, imagePath);
      const examination = await chain.examine(item);
      expect(examination).toMatchObject({
        ...{ format: 'qcow2', level: sample.expected_level.sync, fault: null, volumeBytes: sample.size },
        ...{ form: { ceiling: sample.expected_level.verify }, listing: { storedBytes: sample.stored_bytes } },
        ...{ parentBackupId: described.parentBackupId, formatTime: null },
      });
      const data = await chain.openData(item);
      for (const link of data?.links ?? []) {
        expect(await proveContent(link, { storage, threads: null, signal })).toMatchObject({ fault: null });
      }
      const [named] = data === null ? [] : volumesOf(data);
      if (named === undefined) throw new Error(`${imagePath} has no volume`);
      expect(await replayChain(named.volume, { storage, opening: null, sink: null, signal })).toMatchObject({
        ...{ fault: null, volumeBytes: sample.size, sha256: sample.sha256 },
      });
    }
    expect(found).toEqual(samples.map((sample) => `qcow2 ${sample.image_path}`));
    expect(resources.get('web-2')).toBe(resources.get('base'));
    expect(new Set(resources.values()).size).toBe(4);
  },
);
