import type { BackupSync, ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import { proveContent } from '../chain/content/prove-content.ts';
import { volumesOf } from '../chain/data.ts';
import { openChain } from '../chain/examiner.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import { replayChain } from '../chain/replay/replay-chain.ts';
import type { StorageUnit } from '../storage/port.ts';
import { chainContext } from './chain-context.ts';

/** The highest level of a backup when everything is read, and the fault that prevents a higher one. */
export type FullProof = {
  /** The level whose check found the fault; null if no level found one. */
  readonly foundBy: VerificationLevel | null;
  readonly code: ReasonCode | null;
  /** The level reached without reading data. */
  readonly level: VerificationLevel | null;
};

const nextLevels = { presence: 'metadata', metadata: 'inventory', inventory: 'linkage' } as const;

/** Proves a backup at every level, like an import followed by a verification to `replay`. Throws storage errors. */
export async function proveAllLevels(
  storage: StorageUnit,
  item: BackupSync,
  signal = new AbortController().signal,
): Promise<FullProof> {
  const chain = await openChain(chainContext(storage, item.bucket_name, [item.image_path], { signal }));
  const examination = await chain.examine(item);
  if (examination === null) return { foundBy: 'presence', code: 'path_not_found', level: null };
  const { level, fault } = examination;
  if (fault !== null) {
    const reached = level === 'linkage' || level === 'content' || level === 'replay' ? 'inventory' : level;
    return { foundBy: reached === null ? 'metadata' : nextLevels[reached], code: fault.code, level };
  }
  const data = await openData();
  if ('fault' in data) return { foundBy: 'content', code: data.fault, level };
  for (const link of data.links) {
    const { fault } = await proveContent(link, { storage, threads: null, signal });
    if (fault !== null) return { foundBy: 'content', code: fault.code, level };
  }
  for (const { volume } of volumesOf(data)) {
    const { fault } = await replayChain(volume, { storage, opening: null, sink: null, signal });
    if (fault !== null) return { foundBy: 'replay', code: fault.code, level };
  }
  return { foundBy: null, code: null, level };

  async function openData() {
    try {
      return (await chain.openData(item)) ?? { fault: 'format_unknown' as const };
    } catch (error) {
      if (error instanceof ReadFault) return { fault: error.fault.code };
      throw error;
    }
  }
}
