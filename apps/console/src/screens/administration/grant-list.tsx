import type { BucketGrant } from '@backup-sync/contracts';
import { Notice } from '../../parts/notices.tsx';
import { bucketsWords, explicitWords } from '../../words/administration.ts';

/** The place that a grant covers. */
export function placeOf({ bucket_name, prefix }: BucketGrant): string {
  if (bucket_name === '*') return bucketsWords.everyBucket;
  return prefix === '' ? bucket_name : `${bucket_name}/${prefix}`;
}

/** Says which grants the first project got by name, since it no longer has every bucket. */
export function MadeExplicit({ grants }: { readonly grants: readonly BucketGrant[] }) {
  return (
    <Notice tone="warn" title={explicitWords.title}>
      <p>{explicitWords.text(grants.length)}</p>
      <ul className="plain-list">
        {grants.map((grant) => (
          <li key={`${grant.storage_unit} ${placeOf(grant)}`}>
            <code className="name">{placeOf(grant)}</code>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
