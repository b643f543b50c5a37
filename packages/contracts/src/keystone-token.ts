import { z } from 'zod';

const named = z.object({ id: z.string().min(1), name: z.string() });

/** With its zone: a time that could not be read would be past for nobody. */
const time = z.iso.datetime({ offset: true });

/** What OpenStack Keystone says of a token, as far as it is read here; when it issues one, and when it validates one. */
export const keystoneToken = z.object({
  token: z.object({
    issued_at: time,
    expires_at: time,
    user: named.extend({ domain: named }),
    /** A token that is for no project has none. */
    project: named.optional(),
    roles: z.array(z.object({ name: z.string() })).optional(),
  }),
});
export type KeystoneToken = z.output<typeof keystoneToken>;
