import { openConnectionPool } from '../catalogue/postgres/connection-pool.ts';
import { EventSequencer } from '../catalogue/postgres/event-sequencer.ts';
import { SessionConnection } from '../catalogue/postgres/session-connection.ts';
import { systemSleep } from '../storage/bucket-budget.ts';

// Numbers the events of the database that is its argument, until it is killed.
const [, , url = ''] = process.argv;
const session = await SessionConnection.open({
  address: { connectionString: url },
  sleep: systemSleep,
  random: Math.random,
  onLost: () => {},
});
const { database } = openConnectionPool(url, 1);
new EventSequencer({ database, session, sleep: systemSleep, onFault: () => {} });
process.send?.('started');
