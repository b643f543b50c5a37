import type { CallOutput } from '@backup-sync/contracts';
import { useMutation } from '@tanstack/react-query';
import { type MutationName, mutate, type OwnInput, type QueryName } from './calls.ts';
import { queryClient } from './query-client.ts';
import { projectsOptions, useProjectId } from './session.ts';

/** What a form or a dialog needs to know of a change. */
export type Change = { readonly isPending: boolean; readonly error: unknown };

/** Changes of the projects that a user may switch to. */
const changesOfProjects: readonly MutationName[] = ['createProject', 'grantRole', 'revokeRole'];

/** If the row whose button had the focus is gone, readers of the screen continue at the heading. */
function keepFocus(): void {
  if (document.activeElement === document.body) document.querySelector('h1')?.focus({ preventScroll: true });
}

/** A call that changes something. When it is done, the lists that it may have changed are read again. */
export function useChange<Name extends MutationName>(
  name: Name,
  refreshed: readonly QueryName[],
  onDone?: (answer: CallOutput<Name>) => void,
) {
  const projectId = useProjectId();
  return useMutation<CallOutput<Name>, unknown, OwnInput<Name>>({
    mutationFn: (input) => mutate(projectId, name, input),
    onSuccess: async (answer) => {
      onDone?.(answer);
      if (changesOfProjects.includes(name)) void queryClient.invalidateQueries({ queryKey: projectsOptions.queryKey });
      await Promise.all(refreshed.map((each) => queryClient.invalidateQueries({ queryKey: [each, projectId] })));
      requestAnimationFrame(keepFocus);
    },
    // Input and answer may be secret, so that nothing of them is kept.
    gcTime: 0,
  });
}
