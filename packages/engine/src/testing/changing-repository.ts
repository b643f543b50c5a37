import { createHash } from 'node:crypto';
import type { StorageUnit } from '../storage/port.ts';
import { alterStorage } from './altered-storage.ts';
import { openMemoryStorageUnit } from './memory-storage-unit.ts';
import { type WrittenRepository, writeResticRepository } from './restic-writer.ts';
import { seededBytes } from './seeded-bytes.ts';

const firstAtMs = Date.UTC(2026, 2, 1, 3);
const hourMs = 60 * 60 * 1000;

/** A repository of restic in memory that changes as time goes by: each change is an hour after the one before. */
export type ChangingRepository = {
  readonly written: WrittenRepository;
  readonly storage: StorageUnit;
  /** The keys in a folder, in their order. */
  keysIn(folder: string): readonly string[];
  /** Adds an object with the name of its bytes, and returns its key. */
  add(folder: string, seed: string): string;
  /** Writes an object, without moving the time on. */
  put(key: string, bytes: Uint8Array, modifiedAtMs?: number): void;
  remove(...keys: readonly string[]): void;
  /** Returns the bytes and the time of an object, to put it back. */
  take(key: string): { readonly bytes: Uint8Array; readonly modifiedAtMs: number };
  /** Makes the next snapshot, as a backup does. Returns its image path. */
  backUp(): string;
  /** Removes packs as `restic prune` does: a new index, the old one away, then the packs. */
  prune(...packs: readonly string[]): void;
};

export function openChangingRepository(bucketName: string, snapshots = 2): ChangingRepository {
  const written = writeResticRepository({ seed: 'changing', folder: 'office', snapshots });
  const objects = new Map(written.objects);
  const times = new Map<string, number>();
  let nowMs = firstAtMs;
  let added = 0;
  const storage = alterStorage(openMemoryStorageUnit(new Map([[bucketName, objects]])), {
    list: (entry) => ({ ...entry, modifiedAtMs: times.get(entry.key) ?? firstAtMs }),
  });
  const repository: ChangingRepository = {
    written,
    storage,
    keysIn: (folder) => [...objects.keys()].filter((key) => key.startsWith(`office/${folder}/`)).sort(),
    add(folder, seed) {
      nowMs += hourMs;
      const bytes = seededBytes(seed, 700);
      const name = createHash('sha256').update(bytes).digest('hex');
      const key = `office/${folder === 'data' ? `data/${name.slice(0, 2)}` : folder}/${name}`;
      repository.put(key, bytes);
      return key;
    },
    put(key, bytes, modifiedAtMs = nowMs) {
      objects.set(key, bytes);
      times.set(key, modifiedAtMs);
    },
    remove(...keys) {
      for (const key of keys) objects.delete(key);
    },
    take(key) {
      const taken = { bytes: objects.get(key) ?? new Uint8Array(), modifiedAtMs: times.get(key) ?? firstAtMs };
      objects.delete(key);
      return taken;
    },
    backUp() {
      added += 1;
      repository.add('data', `pack of ${added}`);
      repository.add('index', `index of ${added}`);
      return repository.add('snapshots', `snapshot ${added}`);
    },
    prune(...packs) {
      const before = repository.keysIn('index');
      added += 1;
      repository.add('index', `index after prune ${added}`);
      repository.remove(...before, ...packs);
    },
  };
  return repository;
}
