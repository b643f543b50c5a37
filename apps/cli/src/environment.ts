import { z } from 'zod';

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

const environmentSchema = z.object({
  BACKUP_SYNC_ENDPOINT: optional,
  BACKUP_SYNC_TOKEN: secret,
  BACKUP_SYNC_PROJECT: optional,
  BACKUP_SYNC_DATA_DIR: optional,
  BACKUP_SYNC_STORAGE: optional,
  BACKUP_SYNC_LISTEN: optional,
  BACKUP_SYNC_ADMIN_PASSWORD: secret,
  BACKUP_SYNC_PASSWORD: secret,
  AWS_REGION: optional,
});

/** What the environment says, read once. */
export type Environment = z.output<typeof environmentSchema>;

export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  return environmentSchema.parse(variables);
}
