import { expect, test } from 'vitest';
import { examples } from '../../apps/cli/src/testing.ts';
import { fuzzGateway } from './fuzz-gateway.ts';

test('no request makes the gateway fail, and every refusal has the form of refusals', async () => {
  const counts = await fuzzGateway({ requests: 400, seed: 1, buckets: `${examples}/buckets` });
  expect(counts.requests).toBeGreaterThanOrEqual(400);
  expect(counts.byStatus.get(200)).toBeGreaterThan(20);
});
