import type { Scene } from '../scene.ts';
import type { World } from '../world.ts';

/** What goes wrong in a round. */
export type Fault = {
  readonly kind: string;
  /** Why it cannot be done on this machine; null: it can. */
  readonly missing: (world: World) => string | null;
  /**
   * Begins, lasts, and heals; checks what is promised of this fault alone. Answers what it was in particular, such as
   * `hang, 5 s`.
   */
  readonly run: (scene: Scene) => Promise<string>;
};

/** Of a fault that every machine can do. */
export const missingNothing = () => null;
