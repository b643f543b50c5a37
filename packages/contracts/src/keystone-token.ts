import { z } from 'zod';

const named = z.object({ id: z.string().min(1), name: z.string() });

/** A time with its zone. A time that cannot be parsed is refused, since it would never count as past. */
const time = z.iso.datetime({ offset: true });

/** The fields of an OpenStack Keystone token that this service reads, when it is issued and when it is validated. */
export const keystoneToken = z.object({
  token: z.object({
    issued_at: time,
    expires_at: time,
    user: named.extend({ domain: named }),
    /** The project of the token; absent if the token is not scoped to one. */
    project: named.extend({ domain: named }).optional(),
    /**
     * The application credential that the token was requested with, if any. `access_rules` is present, and possibly
     * empty, if the token is restricted to them.
     */
    application_credential: z.object({ access_rules: z.array(z.unknown()).nullish() }).optional(),
    roles: z.array(z.object({ name: z.string() })).optional(),
  }),
});
export type KeystoneToken = z.output<typeof keystoneToken>;

/** The fields of the projects that OpenStack Keystone lists for the holder of a token. */
export const keystoneProjects = z.object({
  projects: z.array(named.extend({ enabled: z.boolean().optional() })),
});
