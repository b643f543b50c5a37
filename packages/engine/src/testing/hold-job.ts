/**
 * A working node that prints the name of each job it starts, and holds it until a line arrives. It then stops in an
 * orderly way. Argument: the address of the database.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { openQueueNode } from './queue-cluster.ts';
import { nameOf } from './queue-over.ts';

const [url = ''] = process.argv.slice(2);
const asked = once(process.stdin, 'data');
const ended = Promise.withResolvers<void>();
const node = await openQueueNode(url, {
  work: async (job) => {
    // Unbuffered, so that everything printed before a kill arrives.
    writeSync(1, `${nameOf(job)}\n`);
    await asked;
    ended.resolve();
  },
});
await ended.promise;
await node[Symbol.asyncDispose]();
process.exit();
