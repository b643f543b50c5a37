import type { Scene } from '../scene.ts';
import type { World } from '../world.ts';

/** A fault of a round, for one kind of world. */
export type Fault<Here extends World = World> = {
  readonly kind: string;
  /** Says why this machine cannot do it; null: it can. */
  readonly missing: (world: Here) => string | null;
  /**
   * Causes the fault and heals it, and checks the promises about this fault. Returns its details, such as `hang, 5 s`.
   */
  readonly run: (scene: Scene<Here>) => Promise<string>;
};

/** The `missing` of a fault that every machine can do. */
export const missingNothing = () => null;
