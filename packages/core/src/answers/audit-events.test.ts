import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

test('an audit can be read although a newer server names doors and errors that the client does not know', async () => {
  const event = {
    id: '019ab1c2-6f70-7192-a3b4-c5d6e7f8091a',
    at: '2026-01-01T00:00:00.000000',
    project_id: 'p',
    actor: { kind: 'user', name: 'ada' },
    operation: 'syncBackups',
    subjects: [{ field: 'backup_id', value: 'b' }],
    address: null,
    outcome: 'refused',
    request_id: 'request-1',
  };
  const events = [
    { ...event, door: 'rest', error: null },
    { ...event, door: 'a door of the next release', error: 'an_error_of_the_next_release' },
  ];
  await using service = await startService(() => ({ body: { audit_events: events, count: 2 } }));
  const { audit_events } = await service.client().calls.listAuditEvents({});
  expect(audit_events).toEqual(events);
});
