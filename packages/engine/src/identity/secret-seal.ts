import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const cipher = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const fileName = 'secret.key';

/** The key that seals secrets is not as it must be. The message is for the operator. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError';
}

/**
 * Seals secrets that must be read again, as signatures need them: AES-256-GCM, bound to the name of their owner, so that
 * one cannot be put in another's place. Whoever has the database alone cannot read them.
 */
export class SecretSeal {
  readonly #path: string;
  /** Undefined until a secret is sealed with the key of the file. */
  #key: Promise<Buffer> | undefined;

  private constructor(given: Buffer | null, path: string) {
    if (given !== null) this.#key = Promise.resolve(given);
    this.#path = path;
  }

  /**
   * `key`: 32 bytes in base64. Null: a file of the data directory, for its owner alone, made when the first secret is
   * sealed. Throws {@link SecretKeyError}.
   */
  static open(key: string | null, dataDirectory: string): SecretSeal {
    const given = key === null ? null : parseKey(key, 'BACKUP_SYNC_SECRET_KEY');
    return new SecretSeal(given, join(dataDirectory, fileName));
  }

  async seal(secret: string, owner: string): Promise<string> {
    const nonce = randomBytes(nonceBytes);
    const key = await this.#keyToSeal();
    const sealing = createCipheriv(cipher, key, nonce).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([sealing.update(secret, 'utf8'), sealing.final()]);
    return Buffer.concat([nonce, sealed, sealing.getAuthTag()]).toString('base64url');
  }

  /** Throws {@link SecretKeyError} where it was sealed with another key, or for another owner. */
  async unseal(sealed: string, owner: string): Promise<string> {
    const bytes = Buffer.from(sealed, 'base64url');
    try {
      const key = await (this.#key ?? readKey(this.#path));
      const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(-tagBytes));
      return Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()]).toString('utf8');
    } catch (cause) {
      throw new SecretKeyError(
        `The secret of access key ${owner} cannot be opened with the key that is here: bring back the ${fileName} of the data ` +
          'directory or the BACKUP_SYNC_SECRET_KEY that it was made with, or make another access key.',
        { cause },
      );
    }
  }

  /** One key for all who ask at once; where it cannot be had, the next one tries again. */
  #keyToSeal(): Promise<Buffer> {
    this.#key ??= readOrMakeKey(this.#path).catch((error: unknown) => {
      this.#key = undefined;
      throw error;
    });
    return this.#key;
  }
}

async function readOrMakeKey(path: string): Promise<Buffer> {
  try {
    return await readKey(path);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
  }
  const key = randomBytes(keyBytes);
  // Written aside and renamed: a file that was cut by a crash would be no key for good.
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, `${key.toString('base64')}\n`, { mode: 0o600, flush: true });
  await rename(aside, path);
  return key;
}

async function readKey(path: string): Promise<Buffer> {
  return parseKey((await readFile(path, 'utf8')).trim(), path);
}

function parseKey(text: string, place: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== keyBytes || key.toString('base64') !== text) {
    throw new SecretKeyError(`${place} must hold ${keyBytes} bytes in base64; "openssl rand -base64 32" makes them.`);
  }
  return key;
}
