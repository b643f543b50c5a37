import { describe, expect, test } from 'vitest';
import { listBackupsInput } from './backup.ts';
import { fromWireTime, toWireTime } from './fields.ts';
import { listOperationLogsInput } from './operation-log.ts';
import { parseOrRefuse } from './problems.ts';

describe('a query', () => {
  test('reads numbers, booleans, lists and times from text', () => {
    const parsed = listBackupsInput.parse({
      project_id: 'p',
      limit: '5',
      offset: '10',
      incremental: 'true',
      status: 'available,error',
      sort: 'created_at:asc,name',
      start_time: '2026-01-01T00:00:00Z',
    });
    expect(parsed).toMatchObject({
      limit: 5,
      offset: 10,
      incremental: true,
      status: ['available', 'error'],
      sort: [
        { key: 'created_at', direction: 'asc' },
        { key: 'name', direction: 'desc' },
      ],
      start_time: Date.UTC(2026, 0, 1),
    });
  });

  test('accepts a sort order as an array too', () => {
    const asText = listBackupsInput.parse({ project_id: 'p', sort: 'created_at:asc,name' });
    expect(listBackupsInput.parse({ project_id: 'p', sort: ['created_at:asc', 'name'] })).toEqual(asText);
  });

  test.each([
    { limit: '0' },
    { limit: '1001' },
    { limit: '1e3' },
    { offset: '-1' },
    { incremental: 'yes' },
    { status: 'gone' },
    { sort: 'size' },
    { sort: 'name:up' },
    { sort: [] },
    { sort: ['name', 'size'] },
    { start_time: '2026-01-01' },
    { start_time: '2026-13-01T00:00:00Z' },
    { start_time: '2026-02-30T00:00:00Z' },
    { own_type: 'mine' },
    { member_status: 'maybe' },
    { image_type: 'copy' },
    { id_prefix: 'abc' },
    { dec: '1' },
    { used_percent: '101' },
    { used_percent: '0' },
    { show_replication: 'yes' },
  ])('refuses %j', (query) => {
    expect(listBackupsInput.safeParse({ project_id: 'p', ...query }).success).toBe(false);
  });

  test.each([
    ['true', true],
    ['True', true],
    ['false', false],
    ['False', false],
  ])('accepts %s, as Python or JavaScript write it', (text, value) => {
    const parsed = listBackupsInput.parse({ project_id: 'p', dec: text, incremental: text, show_replication: text });
    expect(parsed).toMatchObject({ dec: value, incremental: value, show_replication: value });
  });

  test.each(['pending', 'accept', 'reject', 'accepted', 'rejected'])('accepts the member status %s', (status) => {
    expect(listBackupsInput.parse({ project_id: 'p', member_status: status }).member_status).toBe(status);
  });

  test('explains a wrong value in a sentence', () => {
    const refused = () => parseOrRefuse(listBackupsInput, { project_id: 'p', status: 'gone', dec: '1', sort: 'size' });
    expect(refused).toThrow(
      'status[0]: must be one of available, protecting, deleting, restoring, error, waiting_protect, waiting_delete, ' +
        'waiting_restore, deleted',
    );
    expect(refused).toThrow('dec: must be true or false');
    expect(refused).toThrow('sort: "size" must be one of created_at, updated_at, name, status, protected_at, id');
  });

  test('has pages of 1000 records by default', () => {
    expect(listOperationLogsInput.parse({ project_id: 'p' })).toMatchObject({ limit: 1000, offset: 0 });
  });
});

test('a query ignores unknown parameters', () => {
  const filter = listOperationLogsInput.parse({ project_id: 'p', something: 'else' });
  expect(filter).not.toHaveProperty('something');
});

test('a time is written in the form of CBR and parsed back', () => {
  expect(toWireTime(Date.UTC(2020, 1, 5, 10, 38, 34, 209))).toBe('2020-02-05T10:38:34.209000');
  expect(fromWireTime('2020-02-05T10:38:34.209000')).toBe(Date.UTC(2020, 1, 5, 10, 38, 34, 209));
});
