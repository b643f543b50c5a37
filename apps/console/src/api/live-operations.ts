import type { CallOutput, Operation } from '@backup-sync/contracts';
import { useEffect, useState } from 'react';
import { client } from './client.ts';
import { queryClient } from './query-client.ts';
import { refreshStale } from './refresh-stale.ts';
import { sessionOptions } from './session.ts';

/** Milliseconds between two refreshes of lists while operations change all the time. */
const refreshEveryMs = 1_000;

/** Lists that an operation changes while it runs, and those that change when it ends. */
const changeWithOperations = ['listOperations', 'listScanFindings', 'listPlanItems'];
const changeWithResults = [
  'listResources',
  'listBackups',
  'showBackup',
  'listSources',
  'showSource',
  'listVerifications',
  'showStanding',
  'countOperationDays',
];

type Follower = (operation: Operation) => void;
const followers = new Set<Follower>();

/**
 * Calls `follower` with each operation that the stream tells of, until the returned function is called. Those that
 * change while the stream is interrupted are not among them.
 */
export function followOperations(follower: Follower): () => void {
  followers.add(follower);
  return () => followers.delete(follower);
}

export type LiveState = 'live' | 'waiting';

/**
 * Follows all operations of the project, and refreshes what is shown when they change. Returns whether the stream is
 * open. It is resumed after an interruption, and what was missed is read again.
 */
export function useLiveOperations(projectId: string): LiveState {
  const [state, setState] = useState<LiveState>('waiting');
  useEffect(() => {
    const stale = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = (names: readonly string[]) => {
      for (const name of names) stale.add(name);
      timer ??= setTimeout(() => {
        timer = undefined;
        refreshStale(queryClient, stale, projectId);
        if (stale.size > 0) refresh([]);
      }, refreshEveryMs);
    };
    let reopen: ReturnType<typeof setTimeout> | undefined;
    let subscription: { unsubscribe(): void } | undefined;
    const open = () => {
      subscription = client.watchOperations.subscribe(
        { project_id: projectId },
        {
          onConnectionStateChange: ({ state: connection }) => setState(connection === 'pending' ? 'live' : 'waiting'),
          onStarted: () => {
            // What changed before the stream began is not in it.
            refresh(['showOperation', ...changeWithOperations, ...changeWithResults]);
          },
          onData: ({ data: { operation } }) => {
            const key = ['showOperation', projectId, { operation_id: operation.id }];
            const shown: CallOutput<'showOperation'> = { operation };
            // Only what a page shows or has shown: an import of a long list has an operation for each backup.
            if (queryClient.getQueryState(key) !== undefined) queryClient.setQueryData(key, shown);
            for (const follower of followers) follower(operation);
            const hasEnded = operation.status !== 'waiting' && operation.status !== 'running';
            refresh(hasEnded ? [...changeWithOperations, ...changeWithResults] : changeWithOperations);
          },
          onError: () => {
            setState('waiting');
            // The session may have ended, or events after the last one are gone: then a new stream begins.
            void queryClient.invalidateQueries({ queryKey: sessionOptions.queryKey });
            reopen = setTimeout(open, refreshEveryMs);
          },
        },
      );
    };
    open();
    return () => {
      subscription?.unsubscribe();
      clearTimeout(timer);
      clearTimeout(reopen);
    };
  }, [projectId]);
  return state;
}
