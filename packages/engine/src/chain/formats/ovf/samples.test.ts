import { expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { itemOfSample, samplesOf } from '../../../testing/format-samples.ts';
import { proveContent } from '../../content/prove-content.ts';
import { volumesOf } from '../../data.ts';
import { openChain } from '../../examiner.ts';
import { replayChain } from '../../replay/replay-chain.ts';
import { ovfFormat } from './ovf-format.ts';

const signal = new AbortController().signal;

type Sample = {
  readonly bucket: string;
  readonly image_path: string;
  readonly backup_id: string;
  readonly resource: string;
  readonly expected_level: { readonly sync: string; readonly verify: string };
  readonly objects: number;
  readonly stored_bytes: number;
  readonly disks: readonly { readonly disk: string; readonly size: number; readonly sha256: string | null }[];
};

const { areThere, openStorage, read } = samplesOf<Sample>('ovf');

test.skipIf(!areThere)(
  'packages by other tools reach the level that each can have (needs ../shared/fixtures)',
  async () => {
    await using storage = await openStorage();
    const samples = await read();
    const found: string[] = [];
    for (const { bucket, image_path: imagePath, ...sample } of samples) {
      const pages = storage.list({ bucket, prefix: imagePath });
      const wanted = { prefix: imagePath, formats: ['ovf' as const], template: null };
      for await (const { candidates } of findCandidates(pages, wanted)) {
        found.push(...candidates.map((candidate) => `${candidate.format} ${candidate.imagePath}`));
      }
      const described = await ovfFormat.describe({ storage, bucketName: bucket, signal }, imagePath);
      const { backup_id: name, resource: resourceName } = sample;
      expect(described).toMatchObject({ originalName: name, resourceName, resourceType: 'OS::VMware::Server' });
      expect(described.backupId).toMatch(new RegExp(`^${sample.backup_id}-[0-9a-f]{12}$`));

      const chain = await openChain(chainContext(storage, bucket, [imagePath]));
      const item = itemOfSample(described, bucket, imagePath);
      const examination = await chain.examine(item);
      expect(examination).toMatchObject({
        ...{ format: 'ovf', level: sample.expected_level.sync, fault: null, formatTime: null },
        form: { ceiling: sample.expected_level.verify },
        listing: { objectCount: sample.objects, storedBytes: sample.stored_bytes },
      });
      const data = (await chain.openData(item)) ?? { links: [] };
      for (const link of data.links) {
        expect(await proveContent(link, { storage, threads: null, signal })).toMatchObject({ fault: null });
      }
      // An empty disk has no file.
      const disks = sample.disks.filter(({ sha256 }) => sha256 !== null);
      expect(volumesOf(data).map(({ disk }) => disk)).toEqual(disks.map(({ disk }) => disk));
      for (const [index, { volume }] of volumesOf(data).entries()) {
        const { size: volumeBytes, sha256 } = disks[index] ?? {};
        const replay = await replayChain(volume, { storage, opening: null, sink: null, signal });
        expect(replay).toMatchObject({ fault: null, volumeBytes, sha256 });
      }
    }
    expect(found).toEqual(samples.map((sample) => `ovf ${sample.image_path}`));
  },
);
