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

/** Returns the name of the project with an id, or the id if the name is not known. */
export function useProjectNames(): (id: string) => string {
  const projects = useProjects();
  const session = useSession();
  return (id) => {
    if (id === session.project_id) return session.project_name;
    return projects?.find((each) => each.id === id)?.name ?? id;
  };
}
