import type { ObjectEntry } from '../../../storage/port.ts';
import type { ComparedBackup, Likeness, ListingComparison, SharedProblem } from '../../listing-comparison.ts';
import { damageOf, holdsFor, type KnownDamage } from './known-damage.ts';
import { parseSnapshotPath } from './repository-path.ts';
import { RepositoryState } from './repository-state.ts';
import { lossRemark } from './restic-prover.ts';

/**
 * Compares the recorded snapshots of one repository with its listing. New snapshots, packs and index objects change
 * nothing for the recorded ones. A prune does: they are then examined again, from one listing.
 */
export class RepositoryComparison implements ListingComparison {
  readonly #root: string;
  readonly #expected = new Map<string, ComparedBackup>();
  readonly #snapshots = new Map<string, ObjectEntry>();
  #state: RepositoryState | null = null;
  #hasLost = false;
  /** What reading some of the snapshots has found of objects that all may need, by name. */
  readonly #suspected = new Map<string, KnownDamage>();
  /** When the newest of these was found whose object is still there; null if none is. */
  #damagedAtMs: number | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  expect(backup: ComparedBackup): void {
    this.#expected.set(backup.imagePath, backup);
    const damage = damageOf(backup.fault, backup.verifiedAtMs);
    if (damage?.isShared && (this.#suspected.get(damage.name)?.foundAtMs ?? -1) < damage.foundAtMs) {
      this.#suspected.set(damage.name, damage);
    }
  }

  pass(entry: ObjectEntry): void {
    this.#state ??= this.#newState();
    const { kind, sha256 } = this.#state.pass(entry);
    const damage = sha256 === null ? undefined : this.#suspected.get(sha256);
    if (damage !== undefined && holdsFor(damage, entry)) {
      this.#damagedAtMs = Math.max(this.#damagedAtMs ?? 0, damage.foundAtMs);
    }
    if (kind === 'snapshot' && this.#expected.has(entry.key)) this.#snapshots.set(entry.key, entry);
  }

  async finish(): Promise<ReadonlyMap<string, Likeness>> {
    const state = this.#state ?? this.#newState();
    const likeness = new Map<string, Likeness>();
    for (const { backupId, imagePath, shared, fault, verifiedAtMs } of this.#expected.values()) {
      const isBroken = fault !== null;
      const isDamagedSince = !isBroken && this.#damagedAtMs !== null && verifiedAtMs <= this.#damagedAtMs;
      const entry = this.#snapshots.get(imagePath);
      if (entry === undefined) likeness.set(backupId, 'absent');
      else if (shared === null) likeness.set(backupId, 'changed');
      else {
        const change = state.changeSince(shared, entry);
        const wasLost = shared.hasLost === true;
        this.#hasLost ||= change === 'lost' && !isBroken;
        const isAsBefore = wasLost ? change === 'lost' : change === 'none' || (change === 'grown' && !isBroken);
        const isOtherwise = !isAsBefore || !state.hasKeysOf(shared) || isDamagedSince;
        likeness.set(backupId, isOtherwise || (!isBroken && state.isDamaged) ? 'changed' : 'same');
      }
    }
    this.#hasLost &&= !state.isDamaged;
    return likeness;
  }

  get problem(): SharedProblem | null {
    if (!this.#hasLost) return null;
    // At the top of a bucket, no folder has its name.
    const imagePath = this.#root === '' ? 'config' : this.#root.slice(0, -1);
    return { imagePath, fault: { code: 'objects_disappeared', detail: lossRemark } };
  }

  #newState(): RepositoryState {
    const [first] = this.#expected.keys();
    const layout = (first === undefined ? null : parseSnapshotPath(first))?.layout ?? 'current';
    const recorded = [...this.#expected.values()].map(({ shared }) => shared).filter((shared) => shared !== null);
    return new RepositoryState(this.#root, layout, recorded);
  }
}
