import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import type { EdgeProof } from '../../packages/engine/src/chain/proof/link.ts';
import { countRequests } from '../../packages/engine/src/storage/counted-storage-unit.ts';
import { openS3StorageUnit } from '../../packages/engine/src/storage/s3/s3-storage-unit.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';
import { type WrittenBackup, writeCinderBackup } from '../../packages/engine/src/testing/cinder-writer.ts';
import { startS3Server } from '../../packages/engine/src/testing/s3-test-server.ts';
import { seededBytes, seededUuid } from '../../packages/engine/src/testing/seeded-bytes.ts';
import { syncItemOf } from '../../packages/engine/src/testing/small-chain.ts';
import type { Figure } from './figure.ts';

const blockBytes = 16;
const fullObjects = 21_000;
const increments = 30;
const incrementObjects = 40;
const pageObjects = 1000;
const bucketName = 'volumebackups';

/**
 * Proves a chain over HTTP: new, unchanged, and with one more increment. Prints the requests and their minimum, and
 * returns their sum next to the sum of the minimum.
 */
export async function measureRequests(print: (line: string) => void): Promise<readonly Figure[]> {
  const chain = writeLongChain();
  const server = await startS3Server({
    [bucketName]: Object.fromEntries(chain.flatMap(({ objects }) => [...objects])),
  });
  await using storage = await openS3StorageUnit({ id: 'here', ...server.options });
  const proofs = new Map<string, EdgeProof>();

  async function row(
    name: string,
    asked: readonly WrittenBackup[],
    newLinks: number,
    oldParents: number,
  ): Promise<Figure> {
    const { unit, count } = countRequests(storage);
    const findProofs = async (ids: readonly string[]) => ids.flatMap((id) => proofs.get(id) ?? []);
    const paths = asked.map(({ imagePath }) => imagePath);
    const examiner = await openChain(chainContext(unit, bucketName, paths, { findProofs }));
    for (const backup of asked) {
      const examination = await examiner.examine(syncItemOf(backup, bucketName));
      if (examination?.level !== 'linkage') throw new Error(`${backup.imagePath} is not proved`);
      for (const proof of examination.newProofs) proofs.set(proof.backupId, proof);
    }
    const { lists, gets, bytesRead } = count();
    const listed = chain.reduce((sum, { objects }) => sum + objects.size, 0);
    const [listsMin, getsMin] = [Math.ceil(listed / pageObjects), 2 * newLinks + oldParents];
    const minimum = `minimum ${listsMin} LIST, ${getsMin} GET`;
    print(`  ${name}: ${lists} LIST, ${gets} GET, ${(bytesRead / 1e6).toFixed(1)} MB (${minimum})`);
    return {
      name: `requests of a proof, ${name}`,
      value: lists + gets,
      unit: 'requests',
      beside: { name: 'minimum', value: listsMin + getsMin },
    };
  }

  try {
    const known = chain.slice(0, -1);
    return [
      await row('31 new links', known, known.length, 0),
      await row('unchanged', known, 0, 0),
      await row('one more increment', chain.slice(-1), 1, 1),
    ];
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

function writeLongChain(): readonly WrittenBackup[] {
  let volume = seededBytes('bench/volume', fullObjects * blockBytes);
  const chain: WrittenBackup[] = [];
  for (let day = 0; day <= increments; day += 1) {
    volume = volume.slice();
    for (let object = 0; day > 0 && object < incrementObjects; object += 1) {
      volume.set(seededBytes(`bench/${day}/${object}`, blockBytes), (day + 500 * object) * blockBytes);
    }
    const parent = chain.at(-1);
    chain.push(
      writeCinderBackup({
        volumeId: seededUuid('bench/volume'),
        backupId: seededUuid(`bench/${day}`),
        takenAtMs: Date.UTC(2026, 0, 1 + day),
        volume,
        objectBytes: blockBytes,
        blockBytes,
        ...(parent !== undefined && { parent }),
      }),
    );
  }
  return chain;
}
