import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { openTestPostgresCatalogue } from '../testing/postgres-catalogue.ts';
import { EmbeddedIdentity } from './embedded-identity.ts';
import { LocalGuessLimits } from './local-guess-limits.ts';
import { openSealOfNodes } from './seal-of-nodes.ts';

test('a token that one node issues is valid at all nodes, and at none once any node has revoked it', async () => {
  await using catalogue = await openTestPostgresCatalogue();
  const key = randomBytes(32).toString('base64');
  const openNode = async () =>
    EmbeddedIdentity.open({
      catalogue,
      seal: await openSealOfNodes(key, catalogue),
      clock: systemClock,
      newId: uuidv7,
      onFault: () => {},
      ofNodes: { guesses: new LocalGuessLimits(systemClock) },
    });
  const [one, other] = await Promise.all([openNode(), openNode()]);
  expect(one.project).toEqual(other.project);
  const from = { origin: { door: 'engine', address: null }, requestId: 'request-1' } as const;
  await one.beginUsers('root', 'a password of twelve', from);
  const issued = [
    await one.issueSystemToken('root', null, from),
    await one.issueToken({ userName: 'admin', password: 'a password of twelve', project: null, from }),
  ];
  for (const { token, caller } of issued) {
    for (const node of [one, other]) expect(await node.authenticate(token)).toMatchObject({ name: caller.name });
    await other.revoke(token, caller, from);
    for (const node of [one, other]) expect(await node.authenticate(token)).toBeNull();
    await expect(one.exchangeToken(token, null, from)).rejects.toMatchObject({ code: 'not_authenticated' });
  }
});
