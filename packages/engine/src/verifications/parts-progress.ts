import type { OperationProgress } from '../catalogue/operation-records.ts';
import type { PartProgress, VerificationPart } from '../catalogue/part-records.ts';

/** Adds up the progress of the parts of a verification, no matter who reads them. No count ever falls. */
export class PartsProgress {
  readonly #shown: OperationProgress;
  readonly #parts = new Map<string, PartProgress>();
  #objects = 0;
  #storedBytes = 0;
  #plainBytes = 0;
  /** Number of links, from the full backup on, that are completely read. */
  links = 0;

  /** `shown` is the progress that an earlier attempt has shown. */
  constructor(shown: OperationProgress) {
    this.#shown = shown;
  }

  /** Notes the progress of a part, unless more is known of it. */
  note({ backupId, firstObject }: VerificationPart, progress: PartProgress): void {
    const key = JSON.stringify([backupId, firstObject]);
    const before = this.#parts.get(key) ?? { provedObjects: firstObject, storedBytes: 0, plainBytes: 0 };
    if (progress.provedObjects <= before.provedObjects) return;
    this.#parts.set(key, progress);
    this.#objects += progress.provedObjects - before.provedObjects;
    this.#storedBytes += progress.storedBytes - before.storedBytes;
    this.#plainBytes += progress.plainBytes - before.plainBytes;
  }

  get counts(): OperationProgress {
    const { link = 0, objects = 0, stored_bytes = 0, plain_bytes = 0 } = this.#shown;
    return {
      link: Math.max(link, this.links),
      objects: Math.max(objects, this.#objects),
      stored_bytes: Math.max(stored_bytes, this.#storedBytes),
      plain_bytes: Math.max(plain_bytes, this.#plainBytes),
    };
  }
}
