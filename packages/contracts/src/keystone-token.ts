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
    project: named.extend({ domain: named }).optional(),
    /** Of a token that was requested with one. Its access rules are there, though there may be none, if it is restricted to them. */
    application_credential: z.object({ access_rules: z.array(z.unknown()).nullish() }).optional(),
    roles: z.array(z.object({ name: z.string() })).optional(),
  }),
});
export type KeystoneToken = z.output<typeof keystoneToken>;
