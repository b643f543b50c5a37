import type { Catalogue } from '../catalogue/catalogue.ts';

/** How quickly nodes notice each other, in milliseconds. All nodes of a catalogue have the same pace. */
export type NodePace = {
  /** Time between two heartbeats, and between two looks for dead nodes. */
  readonly beatEveryMs: number;
  /** A node that was silent for longer is dead. */
  readonly deadAfterMs: number;
};

export const nodePace: NodePace = { beatEveryMs: 5_000, deadAfterMs: 15_000 };

/** The numbers of nodes that live, as of the last look. At least one of each: this node itself may not be listed yet. */
export class LiveNodes {
  readonly #catalogue: { readonly nodes: Pick<Catalogue['nodes'], 'listNodes'> };
  #working = 1;
  #serving = 1;

  constructor(catalogue: { readonly nodes: Pick<Catalogue['nodes'], 'listNodes'> }) {
    this.#catalogue = catalogue;
  }

  /** Number of nodes that work. */
  get working(): number {
    return this.#working;
  }

  /** Number of nodes that answer calls. */
  get serving(): number {
    return this.#serving;
  }

  async look(): Promise<void> {
    const nodes = await this.#catalogue.nodes.listNodes(0);
    this.#working = Math.max(1, nodes.filter(({ works }) => works).length);
    this.#serving = Math.max(1, nodes.filter(({ serves }) => serves).length);
  }
}
