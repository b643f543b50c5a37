import type { Source } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { changesOf, newSource } from './source-input.ts';

function formOf(fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

test('what is left empty gets the default of the server, and the place is the name', () => {
  const form = formOf({ bucket_name: ' backups ', prefix: 'a/', level: 'linkage', format: '', path_template: ' ' });
  expect(newSource(form)).toEqual({
    name: 'backups/a/',
    bucket_name: 'backups',
    prefix: 'a/',
    level: 'linkage',
    interval_s: null,
    reverify_after_s: null,
    format: null,
    path_template: null,
  });
});

test('durations are sent in seconds, and percent as a share', () => {
  const form = formOf({
    name: 'nightly',
    bucket_name: 'backups',
    level: 'content',
    format: 'cinder',
    path_template: '{backup_id}',
    interval_s: '15',
    'interval_s-unit': 'minutes',
    reverify_after_s: '30',
    'reverify_after_s-unit': 'days',
    incomplete_after_s: '0',
    'incomplete_after_s-unit': 'hours',
    removal_share: '12.5',
  });
  expect(newSource(form)).toMatchObject({
    name: 'nightly',
    format: 'cinder',
    path_template: '{backup_id}',
    interval_s: 900,
    reverify_after_s: 2_592_000,
    incomplete_after_s: 0,
    removal_share: 0.125,
  });
});

const source = {
  prefix: 'a/',
  level: 'linkage',
  interval_s: 3600,
  reverify_after_s: null,
  incomplete_after_s: 86_400,
} as Source;
const unchanged = {
  prefix: 'a/',
  level: 'linkage',
  interval_s: '1',
  'interval_s-unit': 'hours',
  reverify_after_s: '',
  incomplete_after_s: '1',
  'incomplete_after_s-unit': 'days',
};

test('a form that changes nothing sends nothing, so that the next run stays when it is', () => {
  expect(changesOf(source, formOf(unchanged))).toEqual({});
});

test('only what changes is sent, also an interval that is taken away', () => {
  expect(changesOf(source, formOf({ ...unchanged, interval_s: '', prefix: '' }))).toEqual({
    interval_s: null,
    prefix: '',
  });
});
