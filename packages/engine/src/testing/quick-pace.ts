import type { NodePace } from '../nodes/live-nodes.ts';

/** A pace for tests: in the time of real nodes, they would take half a minute. */
export const quickPace: NodePace = { beatEveryMs: 300, deadAfterMs: 1_500 };
