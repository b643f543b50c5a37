import { expect, test } from 'vitest';
import { examples } from '../../apps/cli/src/testing.ts';
import { fuzzEngine } from './fuzz-engine.ts';
import { fuzzGateway } from './fuzz-gateway.ts';
import { fuzzStorage } from './fuzz-storage.ts';

test('no request makes the gateway fail, every refusal has the documented form, and a signature admits only its request', async () => {
  const counts = await fuzzGateway({ requests: 400, seed: 1, buckets: `${examples}/buckets` });
  expect(counts.requests).toBeGreaterThanOrEqual(400);
  expect(counts.byStatus.get(200)).toBeGreaterThan(20);
  expect(counts.letIn).toBeGreaterThan(10);
});

test('no bytes of a bucket make a proof throw or hang, and no broken backup passes', async () => {
  const counts = await fuzzStorage({ proofs: 120, seed: 1 });
  expect(counts.proofs).toBe(120);
  expect([...counts.found.keys()].toSorted()).toEqual(['content', 'inventory', 'linkage', 'metadata', 'presence']);
});

test('no bytes of a bucket make the engine fail, and nothing broken is proved', async () => {
  expect((await fuzzEngine({ rounds: 20, seed: 1 })).rounds).toBe(20);
});
