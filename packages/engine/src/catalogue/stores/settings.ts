import { keepSetting, readSetting, replaceSetting } from '../steps/settings.ts';
import type { Step } from './step.ts';

/** Facts that all nodes of a catalogue must agree on. A catalogue of one process keeps them in its data directory. */
export const settingSteps = {
  /** Returns a setting; null if it is not stored. */
  readSetting: { access: 'read', run: readSetting },
  /**
   * Stores a setting unless it is stored already. Returns the stored value, so that of several nodes that start together
   * all learn the same one.
   */
  keepSetting: { access: 'write', run: keepSetting },
  /** Stores a setting, instead of the value that is stored. */
  replaceSetting: { access: 'write', run: replaceSetting },
} as const satisfies Record<string, Step>;
