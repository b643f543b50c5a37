import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import type { OwnInput } from '../../api/calls.ts';
import { mutate } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { announce } from '../../parts/announcements.tsx';
import { Field } from '../../parts/field.tsx';
import { FailureNotice } from '../../parts/notices.tsx';
import { importWords as words } from '../../words/import.ts';
import { operations } from '../../words/operations.ts';

const route = getRouteApi('/inside/import');

/** Chooses the place of a bucket to plan or to scan. */
export function BucketForm() {
  const projectId = useProjectId();
  const navigate = useNavigate();
  const { bucket, prefix, template } = route.useSearch();
  const plan = useMutation({
    mutationFn: (place: OwnInput<'startPlan'>) => mutate(projectId, 'startPlan', place),
    onSuccess: ({ operation_id: id }, place) =>
      navigate({
        to: '/import',
        search: {
          step: 'bucket',
          bucket: place.bucket_name,
          ...(place.prefix !== undefined && { prefix: place.prefix }),
          ...(place.path_template !== undefined && { template: place.path_template }),
          plan: id,
        },
      }),
  });
  const scan = useScan();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const place = {
      bucket_name: text('bucket'),
      ...(text('prefix') !== '' && { prefix: text('prefix') }),
      ...(text('template') !== '' && { path_template: text('template') }),
    };
    const { submitter } = event.nativeEvent as SubmitEvent;
    if (submitter?.getAttribute('value') === 'scan') scan.mutate(place);
    else plan.mutate(place);
  };
  const isPending = plan.isPending || scan.isPending;
  const thrown = plan.error ?? scan.error;
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={words.bucket}>
        {(control) => (
          <input
            {...control}
            name="bucket"
            defaultValue={bucket}
            required
            maxLength={255}
            autoCapitalize="none"
            spellCheck={false}
          />
        )}
      </Field>
      <Field label={words.prefix} hint={words.prefixHint}>
        {(control) => (
          <input {...control} name="prefix" defaultValue={prefix} autoCapitalize="none" spellCheck={false} />
        )}
      </Field>
      <Field label={words.template} hint={words.templateHint}>
        {(control) => (
          <input {...control} name="template" defaultValue={template} autoCapitalize="none" spellCheck={false} />
        )}
      </Field>
      {thrown !== null && <FailureNotice thrown={thrown} />}
      <div className="actions">
        <button type="submit" className="button main" disabled={isPending}>
          {words.planBucket}
        </button>
        <button type="submit" className="button" value="scan" disabled={isPending}>
          {words.scanWithoutPlan}
        </button>
      </div>
    </form>
  );
}

/** Scans a place and imports what is found there. Shows the operation. */
export function useScan() {
  const projectId = useProjectId();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (place: OwnInput<'startScan'>) => mutate(projectId, 'startScan', { ...place, sync: true }),
    onSuccess: async ({ operation_id: id, joined }) => {
      announce(joined ? operations.joined : words.startedScan);
      await navigate({ to: '/operations/$operationId', params: { operationId: id } });
    },
  });
}
