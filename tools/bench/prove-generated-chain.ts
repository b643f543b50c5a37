import { dirname } from 'node:path';
import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import { countRequests, type RequestCount } from '../../packages/engine/src/storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../packages/engine/src/storage/filesystem/filesystem-storage-unit.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';
import { bucketName, type ChainSize, linksOf, openGeneratedChain } from './generated-chain.ts';

/** Proves the increment of a generated chain and its full backup to linkage. Returns the requests that it made. */
export async function proveGeneratedChain(directory: string, size: ChainSize): Promise<RequestCount> {
  const [, increment] = linksOf(size);
  await using files = await openFilesystemStorageUnit({ id: 'files', directory: dirname(directory) });
  const { unit, count } = countRequests(openGeneratedChain(directory, size, files));
  const chain = await openChain(chainContext(unit, bucketName, [increment.imagePath]));
  const examination = await chain.examine({
    backup_id: increment.backupId,
    backup_name: 'bench',
    bucket_name: bucketName,
    image_path: increment.imagePath,
    resource_id: 'bench',
    resource_name: 'bench',
    resource_type: 'bench',
    created_at: 0,
  });
  if (examination?.level !== 'linkage') throw new Error(`not proved: ${JSON.stringify(examination?.fault)}`);
  return count();
}
