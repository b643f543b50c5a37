import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHookOwner, type SealedSecret } from '../catalogue/identity-records.ts';

const cipher = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const fileName = 'secret.key';
/** The variable with the key. */
export const secretKeyVariable = 'BACKUP_SYNC_SECRET_KEY';
/** Maximum number of access keys and hooks that a message names. */
const shownMax = 10;

/** Thrown if the key that seals secrets is missing, invalid or wrong. The message is for the operator. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError';
}

/** The owner used if there is no such access key: no access key is empty. */
const nobody = '';

/** Where the key is. */
type KeySource = {
  /** The file or variable of the key, for messages. */
  readonly place: string;
  /** What to do if the key does not open all secrets. */
  readonly remedy: string;
  readonly read: () => Promise<Buffer>;
  /** Reads the key. Creates it if it does not exist and this source can. */
  readonly readOrMake: () => Promise<Buffer>;
};

/**
 * Seals secrets that must be read again to check signatures. Uses AES-256-GCM, bound to the name of the owner, so that
 * one secret cannot be put in the place of another. The database alone does not reveal them. All secrets are sealed
 * with one key: nothing new is sealed while the present key does not open the existing ones.
 */
export class SecretSeal {
  readonly #source: KeySource;
  readonly #listSealed: () => Promise<readonly SealedSecret[]>;
  /** Null until it has been read. */
  #key: Buffer | null = null;
  #keyToSeal: Promise<Buffer> | undefined;
  #nobodysSecret: string | undefined;

  private constructor(source: KeySource, listSealed: () => Promise<readonly SealedSecret[]>) {
    this.#source = source;
    this.#listSealed = listSealed;
  }

  /**
   * Opens the seal. `key` has 32 bytes in base64. Null: the key is in a file of the data directory, readable only by
   * its owner, which is created when the first secret is sealed. `listSealed` returns the secrets that are in use.
   * Throws {@link SecretKeyError}.
   */
  static open(
    key: string | null,
    dataDirectory: string,
    listSealed: () => Promise<readonly SealedSecret[]>,
  ): SecretSeal {
    const remedy =
      `Restore the ${fileName} of the data directory, or the ${secretKeyVariable}, that sealed them. Or disable each ` +
      'with "backup-sync access-keys disable <access-key>" or "backup-sync hooks remove <hook>" on the data directory, ' +
      'and create a new one.';
    const source = key === null ? keyInFile(join(dataDirectory, fileName), remedy) : givenKey(key, remedy);
    return new SecretSeal(source, listSealed);
  }

  /** Opens the seal with a key that all nodes have. Otherwise as {@link open}. */
  static ofNodes(key: string, listSealed: () => Promise<readonly SealedSecret[]>): SecretSeal {
    const remedy =
      `Set the ${secretKeyVariable} that sealed them. If the catalogue was moved here, it is the content of the ` +
      `${fileName} of the data directory. Or disable each with "backup-sync access-keys disable <access-key>" or ` +
      '"backup-sync hooks remove <hook>", and create a new one.';
    return new SecretSeal(givenKey(key, remedy), listSealed);
  }

  /** A seal for a process that needs none. Calls `refuse` if it does. */
  static refusing(refuse: () => never): SecretSeal {
    return new SecretSeal({ place: '', remedy: '', read: refuse, readOrMake: refuse }, refuse);
  }

  /** Throws {@link SecretKeyError}, which says what to do, if the present key does not open one of the secrets. */
  async check(): Promise<void> {
    const closed: string[] = [];
    let cause: unknown;
    for (const { owner, sealedSecret } of await this.#listSealed()) {
      try {
        openWith(await this.#keyToOpen(), sealedSecret, owner);
      } catch (error) {
        cause = error;
        closed.push(owner);
      }
    }
    if (closed.length > 0) throw this.#closed(closed, cause);
  }

  /** Seals a secret for its owner. Throws {@link SecretKeyError} as {@link check} does. */
  async seal(secret: string, owner: string): Promise<string> {
    // One key for all concurrent callers. If it cannot be read, the next caller tries again.
    this.#keyToSeal ??= this.#checkedKey().catch((error: unknown) => {
      this.#keyToSeal = undefined;
      throw error;
    });
    return sealWith(await this.#keyToSeal, secret, owner);
  }

  /** Opens a secret. Throws {@link SecretKeyError} if it was sealed with another key, or for another owner. */
  async unseal(sealed: string, owner: string): Promise<string> {
    try {
      return openWith(await this.#keyToOpen(), sealed, owner);
    } catch (cause) {
      throw this.#closed([owner], cause);
    }
  }

  /** Opens a secret that nobody has, by the same work, so that the time does not reveal that a key is unknown. */
  async unsealNobodys(): Promise<string> {
    try {
      this.#nobodysSecret ??= sealWith(await this.#keyToOpen(), randomBytes(32).toString('base64url'), nobody);
      return await this.unseal(this.#nobodysSecret, nobody);
    } catch {
      // Without a key no secret can be opened, so this one cannot be distinguished.
      return randomBytes(32).toString('base64url');
    }
  }

  async #checkedKey(): Promise<Buffer> {
    await this.check();
    this.#key ??= await this.#source.readOrMake();
    return this.#key;
  }

  async #keyToOpen(): Promise<Buffer> {
    this.#key ??= await this.#source.read();
    return this.#key;
  }

  #closed(owners: readonly string[], cause: unknown): SecretKeyError {
    const shown = owners.slice(0, shownMax).join(', ');
    const more = owners.length > shownMax ? ` and ${owners.length - shownMax} more` : '';
    const { place, remedy } = this.#source;
    const kinds = owners.some(isHookOwner) ? 'access keys and hooks' : 'access keys';
    const message = `${whyClosed(place, cause)}, so the secrets of these ${kinds} cannot be opened: ${shown}${more}. ${remedy}`;
    return new SecretKeyError(message, { cause });
  }
}

function keyInFile(path: string, remedy: string): KeySource {
  return { place: path, remedy, read: () => readKey(path), readOrMake: () => readOrMakeKey(path) };
}

function givenKey(text: string, remedy: string): KeySource {
  const key = parseSecretKey(text, secretKeyVariable);
  return { place: secretKeyVariable, remedy, read: async () => key, readOrMake: async () => key };
}

function whyClosed(place: string, cause: unknown): string {
  const code = cause instanceof Error && 'syscall' in cause && 'code' in cause ? cause.code : null;
  if (code === 'ENOENT') return `${place} does not exist`;
  if (code !== null) return `${place} cannot be read (${code})`;
  return `${place} contains ${cause instanceof SecretKeyError ? 'no key' : 'another key'}`;
}

function sealWith(key: Buffer, secret: string, owner: string): string {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key, nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([sealing.update(secret, 'utf8'), sealing.final()]);
  return Buffer.concat([nonce, sealed, sealing.getAuthTag()]).toString('base64url');
}

/** Opens a secret. Throws if it was sealed with another key, or for another owner. */
function openWith(key: Buffer, sealed: string, owner: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(Buffer.from(owner))
    .setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()]).toString('utf8');
}

/** Returns the key in a data directory, in base64; null if it has none. Throws {@link SecretKeyError}. */
export async function readKeyOf(dataDirectory: string): Promise<string | null> {
  const path = join(dataDirectory, fileName);
  return existsSync(path) ? (await readKey(path)).toString('base64') : null;
}

/** Writes a key to a data directory, in the place of any other. Throws {@link SecretKeyError} if it is no key. */
export async function writeKeyTo(dataDirectory: string, key: string): Promise<void> {
  await writeKey(join(dataDirectory, fileName), parseSecretKey(key, 'the archive'));
}

async function readOrMakeKey(path: string): Promise<Buffer> {
  try {
    return await readKey(path);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
  }
  const key = randomBytes(keyBytes);
  await writeKey(path, key);
  return key;
}

async function writeKey(path: string, key: Buffer): Promise<void> {
  // Written to a temporary file and renamed: a file cut short by a crash would never be a valid key.
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, `${key.toString('base64')}\n`, { mode: 0o600, flush: true });
  await rename(aside, path);
}

async function readKey(path: string): Promise<Buffer> {
  return parseSecretKey((await readFile(path, 'utf8')).trim(), path);
}

/** Parses the text of a key. Throws {@link SecretKeyError}, which names its place and never quotes it. */
export function parseSecretKey(text: string, place: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== keyBytes || key.toString('base64') !== text) {
    throw new SecretKeyError(
      `${place} must be ${keyBytes} bytes in base64; create them with "openssl rand -base64 32".`,
    );
  }
  return key;
}
