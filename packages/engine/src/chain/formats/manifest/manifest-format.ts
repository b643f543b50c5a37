import { chainManifestHashesName, chainManifestName } from '@backup-sync/contracts';
import type { ChainContext } from '../../chain-context.ts';
import type { ChainExaminer, FormatContext, RecognisedFormat } from '../../format.ts';
import { isAtOrBelow, PathComparison } from '../../listing-comparison.ts';
import { readManifest } from '../../manifest-document/read-manifest.ts';
import { isSuperseded } from '../../proof/check-version.ts';
import { provableObjectsMax } from '../../proof/object-bound.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { readPlainObject } from '../../read-plain-object.ts';
import { findNamingBackup } from './find-naming-backup.ts';
import { manifestCheck } from './link-proof.ts';
import { ManifestHashes } from './manifest-hashes.ts';
import { ManifestProver } from './manifest-prover.ts';
import { ManifestReader } from './manifest-reader.ts';
import { ManifestReadings } from './manifest-readings.ts';

const markSuffix = `/${chainManifestName}`;
const hashesSuffix = `/${chainManifestHashesName}`;
/** Suffixes of the objects that this format names itself. */
const partSuffixes = [markSuffix, hashesSuffix];

/**
 * Backups with this project's own manifest: any image path with a `manifest.json` below it that claims the format.
 * Every path has this shape, so the format comes last, and the stored objects decide.
 */
export const manifestFormat: RecognisedFormat = {
  backupIdOf() {
    return null;
  },

  objectsPrefixOf(imagePath) {
    return imagePath;
  },

  isOutdated({ proof }) {
    return proof !== null && isSuperseded(manifestCheck, proof);
  },

  compare(imagePath) {
    return new PathComparison(imagePath, isAtOrBelow);
  },

  partOf(key) {
    const suffix = partSuffixes.find((each) => key.endsWith(each) && key.length > each.length);
    if (suffix === undefined) return null;
    const imagePath = key.slice(0, -suffix.length);
    return { imagePath, markKey: `${imagePath}${markSuffix}` };
  },

  /** Only block hashes prove the owner: much software has a `manifest.json`. */
  ownerOf(key) {
    if (!key.endsWith(hashesSuffix) || key.length === hashesSuffix.length) return null;
    return { imagePath: key.slice(0, -hashesSuffix.length), isExact: true };
  },

  findNamingBackup,

  async describe(context, imagePath) {
    const key = `${imagePath}${markSuffix}`;
    const reading = await readManifest(await readPlainObject(context, key), {
      objectsMax: provableObjectsMax,
      keepsSha256: false,
    });
    if (reading.kind === 'unreadable') {
      throw new ReadFault({ code: 'metadata_unreadable', detail: `${key}: ${reading.detail}` }, false);
    }
    const { backup, resource, parent } = reading.manifest.header;
    return {
      backupId: backup.id,
      originalName: backup.name,
      resourceId: resource.id,
      resourceName: resource.name,
      resourceType: resource.type,
      createdAtS: Math.floor(Date.parse(backup.created_at) / 1000),
      parentBackupId: parent?.backup_id ?? null,
    };
  },

  async open(context) {
    return openManifestChain(context);
  },
};

/** Opens the chains of one root. Links with more objects than `provableMax` are proved to `metadata` only. */
export function openManifestChain(
  context: ChainContext & Pick<FormatContext, 'listings'>,
  provableMax = provableObjectsMax,
): ChainExaminer {
  const { listings } = context;
  const [readings, hashes] = [new ManifestReadings(context), new ManifestHashes(context)];
  const tools = { context, listings, readings, hashes, provableMax };
  return new WalkedChain(context, new ManifestProver(tools), new ManifestReader(tools));
}
