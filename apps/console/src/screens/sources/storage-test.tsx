import type { CheckedBucket, StorageCheck, StorageRequest } from '@backup-sync/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { query } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { Badge, type Tone } from '../../parts/badges.tsx';
import { FailureNotice, Notice } from '../../parts/notices.tsx';
import { capitalised } from '../../words/capitalised.ts';
import { storageTestWords as words } from '../../words/sources.ts';

const tones: Readonly<Record<CheckedBucket[StorageRequest], Tone>> = {
  allowed: 'good',
  refused: 'bad',
  not_tried: 'quiet',
};
const requests = Object.keys(words.requests) as StorageRequest[];

/** Tries the requests of a run on a bucket, and shows which of them work. */
export function StorageTest({ bucketName }: { readonly bucketName: string }) {
  const projectId = useProjectId();
  const [isBucketMissing, setBucketMissing] = useState(false);
  const test = useMutation({
    mutationFn: (bucket: string) => query(projectId, 'checkStorage', { bucket_names: [bucket] }),
  });
  const start = () => {
    setBucketMissing(bucketName === '');
    if (bucketName === '') test.reset();
    else if (!test.isPending) test.mutate(bucketName);
  };
  return (
    <div className="storage-test" role="status">
      <button type="button" className="button" aria-disabled={test.isPending} onClick={start}>
        {test.isPending ? words.working : words.button}
      </button>
      {isBucketMissing && bucketName === '' && <span className="quiet">{words.needsBucket}</span>}
      {test.data !== undefined && !test.isPending && <Result check={test.data} />}
      {test.error !== null && <FailureNotice thrown={test.error} />}
    </div>
  );
}

function Result({ check: { catalogue, buckets } }: { readonly check: StorageCheck }) {
  return (
    <div className="stack">
      {catalogue !== null && (
        <Notice tone="bad" title={words.catalogue}>
          <p>{catalogue.message}</p>
          <p>{catalogue.remedy}</p>
        </Notice>
      )}
      {buckets.map((bucket) => (
        <Notice
          key={bucket.bucket_name + bucket.prefix}
          tone={bucket.refusals.length === 0 ? 'good' : 'bad'}
          title={
            bucket.prefix === '' ? words.title(bucket.bucket_name) : words.withPrefix(bucket.bucket_name, bucket.prefix)
          }
        >
          <div className="storage-results">
            {requests.map((request) => (
              <Badge key={request} tone={tones[bucket[request]]}>
                {words.result(request, bucket[request])}
              </Badge>
            ))}
          </div>
          {bucket.refusals.map(({ request, reason }) => (
            <div key={request}>
              <p>{capitalised(reason.message)}</p>
              <p>{reason.remedy}</p>
            </div>
          ))}
          {bucket.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </Notice>
      ))}
    </div>
  );
}
