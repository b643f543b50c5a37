import { z } from 'zod';

const named = z.object({ id: z.string().min(1), name: z.string() });

/** What OpenStack Keystone says of a token, as far as it is read here; when it issues one, and when it validates one. */
export const keystoneToken = z.object({
  token: z.object({
    issued_at: z.string(),
    expires_at: z.string(),
    user: named.extend({ domain: named }),
    /** A token that is for no project has none. */
    project: named.optional(),
    roles: z.array(z.object({ name: z.string() })).optional(),
  }),
});
