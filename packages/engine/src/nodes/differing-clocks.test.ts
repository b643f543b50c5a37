import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { answersOnly, openTestCluster } from '../testing/test-cluster.ts';

const program = fileURLToPath(new URL('../testing/node-with-wrong-clock.ts', import.meta.url));
const bucket = 'volumebackups';

test('nodes whose clocks differ live together, and the times of their work are those of the database', async () => {
  await using cluster = await openTestCluster();
  const chain = writeSmallChain('clocks', 8, []);
  for (const { objects } of chain) await cluster.buckets.put(bucket, objects);
  const secretKey = Buffer.alloc(32, 1).toString('base64');
  const aheadMs = 20 * 60_000;
  const place = [cluster.url, `file:${cluster.buckets.directory}`, secretKey, String(aheadMs)];
  const child = spawn(process.execPath, [...process.execArgv, program, ...place], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const works = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'works') works.resolve();
    else lines.push(line);
  });
  child.once('exit', () => works.reject(new Error(`the node has ended: ${lines.join(' ')}`)));
  await works.promise;
  await using asking = await cluster.open({ ...answersOnly, secretKey });
  const [id = ''] = await asking.sync(chain.map((backup) => syncItemOf(backup, bucket)));
  const operation = await asking.ended(id);
  expect(operation).toMatchObject({ status: 'success' });
  for (const time of [operation.created_at, operation.started_at, operation.ended_at]) {
    expect(Math.abs(Date.parse(time ?? '') - Date.now())).toBeLessThan(aheadMs / 2);
  }
  expect((await asking.call('listNodes', {})).nodes).toHaveLength(2);
  expect(asking.faults).toEqual([]);
  child.stdin.end();
  await once(child, 'exit');
  expect(lines).toEqual([
    expect.stringMatching(
      /^The clock of this machine is .* ahead of the database's\. The node uses the time of the database\.$/,
    ),
  ]);
  expect((await asking.call('listNodes', {})).nodes).toHaveLength(1);
});
