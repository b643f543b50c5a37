import type { EdgeProof } from './link.ts';

/** The check with which a format proves its backups. */
export type Check = {
  /** `<format>/<number>`. The number rises when the check would judge a backup differently. */
  readonly version: string;
  /** Earlier versions whose recorded proofs are reused. */
  readonly reusable: readonly string[];
  /** Earlier versions that judged an ETag wrong without reading the object. Such a fault is not reused. */
  readonly judgedByEtag: readonly string[];
};

/** Whether a recorded proof says the same as this check would. */
export function isReusable(check: Check, proof: EdgeProof): boolean {
  const { version, reusable } = check;
  return (proof.checkVersion === version || reusable.includes(proof.checkVersion)) && !isSuperseded(check, proof);
}

/** Whether an earlier check found a fault that this check may not find in the same backup. */
export function isSuperseded({ judgedByEtag }: Check, { checkVersion, fault }: EdgeProof): boolean {
  return fault?.code === 'object_etag_mismatch' && judgedByEtag.includes(checkVersion);
}
