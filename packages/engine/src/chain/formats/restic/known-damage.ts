import type { Fault } from '../../proof/link.ts';

/** Damage of an object that reading has found. */
export type KnownDamage = {
  readonly fault: Fault;
  /** The SHA-256 that the name of the object says, in hex. */
  readonly name: string;
  /** Key of the object in the repository, without the folder of the repository. */
  readonly relativeKey: string;
  /** Whether any snapshot may need the object. */
  readonly isShared: boolean;
  /** Milliseconds since 1970. */
  readonly foundAtMs: number;
};

const damagedPattern = /((data\/(?:[0-9a-f]{2}\/)?|(?:index|keys?|snapshots?)\/)([0-9a-f]{64})): /;

/** Reads a recorded fault; null if it is not one of an object that was read. Its text begins with the key. */
export function damageOf(fault: Fault | null, foundAtMs: number): KnownDamage | null {
  if (fault?.code !== 'content_mismatch') return null;
  const [, relativeKey, folder, name] = damagedPattern.exec(fault.detail) ?? [];
  if (relativeKey === undefined || folder === undefined || name === undefined) return null;
  const isShared = folder.startsWith('data/') || folder === 'index/';
  return { fault, name, relativeKey, isShared, foundAtMs };
}

/** Whether what was found still holds for an object: it was not written again since. */
export function holdsFor({ foundAtMs }: KnownDamage, { modifiedAtMs }: { readonly modifiedAtMs: number }): boolean {
  return modifiedAtMs <= foundAtMs;
}
