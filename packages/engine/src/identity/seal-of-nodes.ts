import type { Catalogue } from '../catalogue/catalogue.ts';
import { SecretKeyError, SecretSeal, secretKeyVariable } from './secret-seal.ts';

/** The owner of the text that checks the key. No access key contains a space. */
const checkOwner = 'seal check';
const checkedText = 'backup-sync';

/**
 * Opens the seal of a node. All nodes need the same key, and there is no data directory that could have it. The first
 * node stores a text that is sealed with its key, so that another key is noticed even while there is no access key.
 *
 * Throws {@link SecretKeyError}, which says what to do, if `key` is null or not the key of the catalogue.
 */
export async function openSealOfNodes(
  key: string | null,
  { identity, settings }: Pick<Catalogue, 'identity' | 'settings'>,
): Promise<SecretSeal> {
  if (key === null) {
    throw new SecretKeyError(
      `${secretKeyVariable} is not set. All nodes that use one database need the same key, which seals the secrets of ` +
        `access keys. Create it once with "openssl rand -base64 32", then set it for every node, or set ` +
        `${secretKeyVariable}_FILE to a file that contains it.`,
    );
  }
  const seal = SecretSeal.ofNodes(key, () => identity.listSealedSecrets());
  // Sealing checks first that the key opens the secrets of all access keys: they may have been moved here.
  const check =
    (await settings.readSetting('seal_check')) ??
    (await settings.keepSetting('seal_check', await seal.seal(checkedText, checkOwner)));
  try {
    await seal.unseal(check, checkOwner);
  } catch (cause) {
    throw new SecretKeyError(
      `${secretKeyVariable} contains another key than the one of the other nodes that use this database. Set the same ` +
        'key for every node. If that key is lost, disable all access keys, then delete the row seal_check from the ' +
        'table settings.',
      { cause },
    );
  }
  return seal;
}
