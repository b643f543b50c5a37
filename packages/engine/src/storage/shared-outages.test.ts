import { beforeEach, expect, test } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { BucketWatch } from './bucket-watch.ts';
import type { Outage, OutageStore } from './outage.ts';
import { StorageError } from './port.ts';

const unreachable = new StorageError('unreachable', 'no answer');
let clock: TestClock;
let stored: Map<string, Outage>;
let notices: string[];

beforeEach(() => {
  clock = new TestClock();
  stored = new Map();
  notices = [];
});

const store: OutageStore = {
  saveOutage: async (outage) => void stored.set(outage.bucketName, outage),
  endOutage: async (_, bucketName) => void stored.delete(bucketName),
  listOutages: async () => [...stored.values()],
};

/** A node that shares the stored outages. */
async function openNode() {
  const watch = await BucketWatch.open({
    clock,
    store,
    random: () => 1,
    log: (_event, text) => notices.push(text),
    onFault: (error) => expect.unreachable(String(error)),
    onFailedAgain: () => {},
  });
  const bucket = watch.bucket('unit', 'b');
  const settled = async () => {
    await bucket.stored;
  };
  return {
    bucket,
    look: () => watch.look(),
    async answers() {
      bucket.begin('object', 'answer', null)('answered');
      await settled();
    },
    async fails() {
      bucket.begin('object', 'answer', null)(unreachable);
      await settled();
    },
    /** Probes the bucket, which the queue does when this is due. */
    async probe(outcome: 'answered' | StorageError) {
      const probe = bucket.beginProbe();
      bucket.begin('object', 'answer', probe)(outcome);
      bucket.endProbe(probe);
      await settled();
    },
  };
}

test('a node waits for a bucket that another has found not to answer, and probes it', async () => {
  const [finder, other] = [await openNode(), await openNode()];
  await finder.fails();
  expect(other.bucket.admission()).toBe('every job');
  await other.look();
  expect(other.bucket.admission()).toBe('none');
  clock.timeMs += 1_000;
  expect(other.bucket.admission()).toBe('a probe');
});

test('an outage ends on every node with an answer on any, although its finder is gone', async () => {
  const [finder, other, third] = [await openNode(), await openNode(), await openNode()];
  await finder.fails();
  await other.look();
  await third.look();
  clock.timeMs += 1_000;
  await other.probe('answered');
  expect(stored.size).toBe(0);
  await third.look();
  expect(third.bucket.outage).toBeNull();
  expect(third.bucket.admission()).toBe('every job');
});

test('a node that could not reach the bucket itself probes it at once when another could', async () => {
  const [one, other] = [await openNode(), await openNode()];
  await one.fails();
  for (let count = 0; count < 5; count += 1) {
    clock.timeMs = one.bucket.outage?.notBeforeMs ?? 0;
    await one.probe(unreachable);
  }
  await other.look();
  expect(one.bucket.admission()).toBe('none');
  await other.probe('answered');
  await one.look();
  expect(one.bucket.admission()).toBe('a probe');
  await one.probe('answered');
  expect(one.bucket.admission()).toBe('every job');
});

test('after a failed probe on one node, the others wait as long', async () => {
  const [one, other] = [await openNode(), await openNode()];
  await one.fails();
  await other.look();
  clock.timeMs += 1_000;
  await one.probe(unreachable);
  await other.look();
  expect(other.bucket.outage).toEqual(one.bucket.outage);
  expect(other.bucket.admission()).toBe('none');
  expect(other.bucket.nextProbeMs).toBe(one.bucket.nextProbeMs);
});

test('a node that reaches the bucket continues while another cannot, and ends the outage', async () => {
  const [cutOff, other] = [await openNode(), await openNode()];
  await other.answers();
  await cutOff.fails();
  await other.look();
  expect(other.bucket.admission()).toBe('every job');
  await other.answers();
  await other.look();
  await other.bucket.stored;
  expect(stored.size).toBe(0);
  expect(other.bucket.admission()).toBe('every job');
});

test('a node whose last answer is older than the outage waits too', async () => {
  const [finder, other] = [await openNode(), await openNode()];
  await other.answers();
  await finder.fails();
  await other.look();
  await other.look();
  expect(other.bucket.admission()).toBe('none');
  expect(stored.size).toBe(1);
});

test('a look at the store does not undo what is not stored yet', async () => {
  const node = await openNode();
  node.bucket.begin('object', 'answer', null)(unreachable);
  await node.look();
  expect(node.bucket.admission()).toBe('none');
  clock.timeMs += 1_000;
  expect(node.bucket.admission()).toBe('a probe');
});
