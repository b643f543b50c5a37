import type { ChainFormat } from '../format.ts';
import { cinderFormat } from './cinder/cinder-format.ts';
import { longhornFormat } from './longhorn/longhorn-format.ts';
import { manifestFormat } from './manifest/manifest-format.ts';

/** The formats that are recognised, the most particular shape of path first; what lies there decides. */
export const formats: readonly ChainFormat[] = [cinderFormat, longhornFormat, manifestFormat];
