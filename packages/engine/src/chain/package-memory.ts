import { LRUCache } from 'lru-cache';

/** Folders whose references are remembered. The files of a folder are asked for one after the other. */
const foldersMax = 64;

/** What the descriptors of packages in a folder reference. Paths are relative to the folder. */
export type PackageReferences = {
  readonly hasDescriptor: boolean;
  /** Whether there may be descriptors that were not read. */
  readonly isCut: boolean;
  readonly paths: ReadonlySet<string>;
  readonly chunked: ReadonlySet<string>;
};

/** Remembers what packages reference. The imports of a run share it, so a run reads the descriptors of a folder once. */
export class PackageMemory {
  readonly #nowMs: () => number;
  readonly #folders = new LRUCache<
    string,
    { readonly askedAtMs: number; readonly references: Promise<PackageReferences> }
  >({ max: foldersMax });

  /** `nowMs` is the time of the wall clock, as that of accepted imports. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Returns what was found at `notBeforeMs` or later, or asks. Throws as `ask` does. */
  async of(folder: string, notBeforeMs: number, ask: () => Promise<PackageReferences>): Promise<PackageReferences> {
    const kept = this.#folders.get(folder);
    if (kept !== undefined && kept.askedAtMs >= notBeforeMs) {
      // If those who asked were stopped, that is not an answer for others.
      const references = await kept.references.catch(() => null);
      if (references !== null) return references;
    }
    const asked = { askedAtMs: this.#nowMs(), references: ask() };
    this.#folders.set(folder, asked);
    return await asked.references;
  }
}
