import { z } from 'zod';
import { UsageError } from './failure.ts';

/** A text that never shows itself when printed. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]';
  }
}

/** A variable that is set to nothing counts as not set. */
const optional = z
  .string()
  .optional()
  .transform((value) => (value === '' ? undefined : value));
const secret = optional.transform((value) => (value === undefined ? undefined : new Secret(value)));

const positiveNumber = optional.transform((value, context) => {
  if (value === undefined || (/^\d{1,15}$/.test(value) && Number(value) > 0)) {
    return value === undefined ? undefined : Number(value);
  }
  context.addIssue(`must be a whole number above 0, and is ${JSON.stringify(value)}`);
  return z.NEVER;
});

const environmentSchema = z.object({
  BACKUP_SYNC_ENDPOINT: optional,
  BACKUP_SYNC_PROFILE: optional,
  BACKUP_SYNC_TOKEN: secret,
  BACKUP_SYNC_PROJECT: optional,
  BACKUP_SYNC_DATA_DIR: optional,
  BACKUP_SYNC_STORAGE: optional,
  BACKUP_SYNC_LISTEN: optional,
  BACKUP_SYNC_PUBLIC_URL: optional,
  BACKUP_SYNC_ADMIN_PASSWORD: secret,
  BACKUP_SYNC_PASSWORD: secret,
  BACKUP_SYNC_NEW_PASSWORD: secret,
  BACKUP_SYNC_SECRET_KEY: secret,
  BACKUP_SYNC_IDENTITY: optional,
  BACKUP_SYNC_KEYSTONE_USER: optional,
  BACKUP_SYNC_KEYSTONE_PASSWORD: secret,
  BACKUP_SYNC_KEYSTONE_USER_DOMAIN: optional,
  BACKUP_SYNC_KEYSTONE_PROJECT: optional,
  BACKUP_SYNC_KEYSTONE_PROJECT_DOMAIN: optional,
  BACKUP_SYNC_KEYSTONE_ROLES: optional,
  BACKUP_SYNC_REQUESTS_PER_SECOND: positiveNumber,
  BACKUP_SYNC_REQUESTS_IN_FLIGHT: positiveNumber,
  BACKUP_SYNC_LINKAGE_MAX_BYTES: positiveNumber,
  AWS_REGION: optional,
  XDG_CONFIG_HOME: optional,
});

/** What the environment says, read once. */
export type Environment = z.output<typeof environmentSchema>;

/** Throws `UsageError`, which names every variable that is not as it must be. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const parsed = environmentSchema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new UsageError(problems.join('; '));
}
