import type { BackupFormat } from '@backup-sync/contracts';
import type { KnownBackup } from '../catalogue/known-backup.ts';
import { formats } from '../chain/formats/formats.ts';
import { type EdgeProof, isSameLocation, type Location } from '../chain/proof/link.ts';
import { StorageError } from '../storage/port.ts';
import type { FindingContext } from './finding-context.ts';

/**
 * The ancestors that a listing does not compare with a record: they are in another bucket, outside the prefix, or only part
 * of other backups, as a raw backing file is. Each is listed once, so that a backup whose parent is
 * lost is not taken for unchanged.
 */
export class OutsideAncestors {
  readonly #context: FindingContext;
  readonly #prefix: string;
  readonly #stand = new Map<string, Promise<boolean>>();

  constructor(context: FindingContext, prefix: string) {
    this.#context = context;
    this.#prefix = prefix;
  }

  /** Whether all these ancestors are as they were when proved. False for one that cannot be listed. */
  async areAsProved({ record }: KnownBackup): Promise<boolean> {
    const seen = new Set<string>();
    for (let id = record.parentBackupId; id !== null && !seen.has(id); ) {
      seen.add(id);
      const [proof] = await this.#context.findProofs([id]);
      if (proof === undefined) return true;
      const stands = this.#stand.get(id) ?? this.#stands(proof, record.format);
      this.#stand.set(id, stands);
      if (!(await stands)) return false;
      id = proof.parentBackupId;
    }
    return true;
  }

  async #stands(proof: EdgeProof, format: BackupFormat): Promise<boolean> {
    const isCompared = this.#isListed(proof.location) && (await this.#isRecorded(proof, format));
    return isCompared || (await this.#isAsProved(proof, format));
  }

  #isListed({ storageUnitId, bucketName, imagePath }: Location): boolean {
    const { storage, bucketName: listed } = this.#context;
    return storageUnitId === storage.id && bucketName === listed && imagePath.startsWith(this.#prefix);
  }

  /** Whether an ancestor in the listing is a backup with a record. If its path contains its id, a scan records it. */
  async #isRecorded({ backupId, location }: EdgeProof, format: BackupFormat): Promise<boolean> {
    if (formats[format].backupIdOf(location.imagePath) === backupId) return true;
    const { catalogue, projectId } = this.#context;
    const known = await catalogue.backups.knownByIds(projectId, [backupId]);
    return known.some(({ record, isForgotten }) => !isForgotten && isSameLocation(record.location, location));
  }

  async #isAsProved(
    { backupId, location, listing, fault, verifiedAtMs }: EdgeProof,
    format: BackupFormat,
  ): Promise<boolean> {
    const { storage, signal } = this.#context;
    const { bucketName, imagePath } = location;
    if (location.storageUnitId !== storage.id) return true;
    const { compare, objectsPrefixOf } = formats[format];
    const prefix = objectsPrefixOf(imagePath);
    const comparison = compare(prefix);
    const { digest, fingerprint } = listing;
    comparison.expect({ backupId, imagePath, digest, fingerprint, shared: null, fault, verifiedAtMs });
    try {
      for await (const page of storage.list({ bucket: bucketName, prefix, signal })) {
        for (const entry of page) comparison.pass(entry);
      }
      const likeness = await comparison.finish({ storage, bucketName, signal });
      return likeness.get(backupId) === 'same';
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return false;
    }
  }
}
