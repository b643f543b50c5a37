import type { ChainData } from '../../data.ts';
import type { LinkReader, ReadLink } from '../../proof/data-walk.ts';
import type { ResticLink } from './restic-prover.ts';
import type { ResticRepository } from './restic-repository.ts';

const meaningOfDamage =
  'any snapshot of the repository may need it, and only the password can tell which do: run "restic check --read-data"';

/** The SHA-256 of a snapshot, which its name says. */
type Read = { readonly sha256: string };

/** Reads everything that a snapshot may need: its own object, and all of the repository but other snapshots. */
export class ResticReader implements LinkReader<ResticLink, Read> {
  readonly #repository: ResticRepository;

  constructor(repository: ResticRepository) {
    this.#repository = repository;
  }

  async read({ backupId: sha256 }: ResticLink): Promise<Read> {
    return { sha256 };
  }

  parentIdOf(): null {
    return null;
  }

  async *parentsOf(): AsyncGenerator<ResticLink> {}

  async open(links: readonly ReadLink<ResticLink, Read>[]): Promise<ChainData> {
    const repository = this.#repository;
    return {
      links: links.map(({ link: { backupId, bucketName, imagePath, entry }, read: { sha256 } }) => ({
        backupId,
        location: { storageUnitId: repository.context.storage.id, bucketName, imagePath },
        objects: () => repository.contentsFor(entry, sha256),
        blocks: null,
        volumeBytes: null,
        meaningOfDamage,
        fact: 'objects_match_names',
      })),
    };
  }
}
