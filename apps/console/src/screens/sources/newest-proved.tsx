import type { Source } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { query } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { Time } from '../../parts/time.tsx';
import { sourcesWords as words } from '../../words/sources.ts';

/** Resources that are asked for. */
const resourcesMax = 1000;
/** Milliseconds between two questions. They read many records, so that operations that end do not ask again. */
const askEveryMs = 60_000;

/** When the newest proved backup of a source was made. */
export function NewestProved({ source: { id, level } }: { readonly source: Source }) {
  const projectId = useProjectId();
  const { data } = useQuery({
    queryKey: ['newestProvedOfSource', projectId, id, level],
    queryFn: async ({ signal }) => {
      const asked = { source_id: id, level, limit: resourcesMax };
      const { resources, count } = await query(projectId, 'listResources', asked, signal);
      // Times of the API are in order as text.
      const newest = resources.reduce<string | null>(
        (latest, { newest_proved_at: at }) => (at !== null && (latest === null || at > latest) ? at : latest),
        null,
      );
      return { newest, areAll: count <= resourcesMax };
    },
    staleTime: askEveryMs,
    refetchInterval: askEveryMs,
  });
  if (data === undefined) return null;
  return (
    <>
      <Time at={data.newest} otherwise={words.nothing} />
      {!data.areAll && <div className="quiet">{words.firstOnly}</div>}
    </>
  );
}
