import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openTestEngine } from '../testing/test-engine.ts';

const password = 'a password of twelve';
/** Long enough for an exchange to end. */
const turnsMax = 12;

test.each(['operator', 'user'] as const)(
  'an exchange of a token that is revoked meanwhile either comes before the revocation or is refused: %s',
  async (holder) => {
    await using opened = await openTestEngine();
    const { identity } = opened.engine;
    const from = (requestId: string) => ({ origin: { door: 'rest', address: '10.0.0.9' }, requestId }) as const;
    await identity.beginUsers('root', password, from('begin'));
    const issue = () =>
      holder === 'operator'
        ? identity.issueSystemToken('root', null, from('issue'))
        : identity.issueToken({ from: from('issue'), userName: 'admin', password, project: null });
    const reader = { kind: 'system', name: 'root', projectId: opened.projectId, role: 'administrator' } as const;
    const eventsOf = async (turns: number) => {
      const input = { project_id: opened.projectId, limit: 1000 };
      const listed = await opened.engine.call('listAuditEvents', { caller: reader, requestId: 'look' }, input);
      return listed.audit_events
        .filter((event) => event.request_id === String(turns))
        .map(({ operation, outcome }) => [operation, outcome]);
    };
    const revoked = ['revokeToken', 'done'];
    for (let turns = 0; turns < turnsMax; turns += 1) {
      const { token, caller } = await issue();
      const exchange = identity.exchangeToken(token, null, from(String(turns))).catch(() => null);
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      const [exchanged] = await Promise.all([exchange, identity.revoke(token, caller, from(String(turns)))]);
      expect(await identity.authenticate(token)).toBeNull();
      // Newest first.
      const events = await eventsOf(turns);
      if (exchanged === null) {
        expect(events).toHaveLength(2);
        expect(events).toEqual(expect.arrayContaining([revoked, ['issueToken', 'refused']]));
      } else {
        expect(events).toEqual([revoked, ['issueToken', 'done']]);
        expect(await identity.authenticate(exchanged.token)).toMatchObject({ name: caller.name });
      }
    }
  },
);
