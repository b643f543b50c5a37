import type { Project } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId, useSession } from '../../api/session.ts';

/** The projects of the installation; undefined if they are not known here, or not yet. */
export function useProjects(): readonly Project[] | undefined {
  const { identity } = useSession();
  const mayList = useMay('administrator');
  const options = callOptions(useProjectId(), 'listProjects', {});
  return useQuery({ ...options, enabled: identity === 'embedded' && mayList }).data?.projects;
}

/** The name of the project with an id, or the id if the name is not known. */
export function projectName(projects: readonly Project[] | undefined, id: string): string {
  return projects?.find((each) => each.id === id)?.name ?? id;
}
