import type { AppRouter } from '@backup-sync/trpc';
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { addressOf, consoleHeader } from './places.ts';

/** Calls in one request. The server refuses more than 50. */
const batchedCallsMax = 20;

const url = addressOf('../trpc');

/** The client of the server's calls. The session's cookie is its credential. */
export const client = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url }),
      // By POST, since a list of items is too long for an address, and addresses get into logs.
      false: httpBatchLink({ url, methodOverride: 'POST', maxItems: batchedCallsMax, headers: consoleHeader }),
    }),
  ],
});
