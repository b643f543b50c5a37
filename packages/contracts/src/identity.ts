import { z } from 'zod';
import { projectId, text } from './fields.ts';

/** What a caller may do, each role including those before it. */
export const roles = ['reader', 'operator', 'administrator'] as const;
export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

/** Whether `role` may do what needs `needed`. */
export function roleAllows(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

const domain = z.union([z.object({ name: z.string() }), z.object({ id: z.string() })]);

const identityMethods = ['password', 'token'] as const;

/** How a caller says who it is: a user with password, or a token that it has. */
const identity = z
  .object({
    methods: z.array(z.enum(identityMethods, { error: 'must be password or token' })).length(1, 'must name one method'),
    password: z
      .object({ user: z.object({ name: text(1, 255), password: z.string().max(4096), domain: domain.optional() }) })
      .optional(),
    token: z.object({ id: z.string().min(1).max(4096) }).optional(),
  })
  .superRefine((value, context) => {
    const method = value.methods[0];
    if (method !== undefined && value[method] === undefined) {
      context.addIssue({ code: 'custom', path: [method], message: 'is required by methods' });
    }
  });

/** Body of `POST /v3/auth/tokens`, scoped to a project by id or by name. */
export const issueTokenRequest = z
  .object({
    auth: z.object({
      identity,
      scope: z
        .object({
          project: z.union([z.object({ id: projectId }), z.object({ name: text(1, 64), domain: domain.optional() })], {
            error: 'must have an id or a name',
          }),
        })
        .optional(),
    }),
  })
  .meta({ id: 'IssueTokenRequest' });
export type IssueTokenRequest = z.infer<typeof issueTokenRequest>;

/** Times of tokens end in a zone letter, unlike those of CBR. */
const tokenTime = z.string().meta({ example: '2026-11-23T13:59:42.000000Z' });

const named = z.object({ id: z.string(), name: z.string() });

export const issueTokenAnswer = z
  .object({
    token: z.object({
      methods: z.array(z.string()),
      issued_at: tokenTime,
      expires_at: tokenTime,
      project: named.extend({ domain: named }),
      roles: z.array(named),
      user: named.extend({ domain: named }),
      catalog: z.array(z.never()),
    }),
  })
  .meta({ id: 'IssueTokenAnswer' });
export type IssueTokenAnswer = z.infer<typeof issueTokenAnswer>;
