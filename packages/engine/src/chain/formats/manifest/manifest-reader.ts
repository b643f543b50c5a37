import type { ChainData } from '../../data.ts';
import type { LinkReader, ReadLink } from '../../proof/data-walk.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { linkDataOf } from './manifest-data.ts';
import type { ManifestFinding, ManifestLink, ManifestPlace } from './manifest-link.ts';
import type { ManifestTools } from './manifest-tools.ts';
import { findParent } from './parent-search.ts';

/** Reads which objects backups with a manifest consist of. */
export class ManifestReader implements LinkReader<ManifestPlace, ManifestLink> {
  readonly #tools: ManifestTools;

  constructor(tools: ManifestTools) {
    this.#tools = tools;
  }

  async read(place: ManifestPlace): Promise<ManifestLink | null> {
    const reading = await this.#tools.readings.readWhole(place);
    if (reading.kind === 'unread') throw readFaultOf(reading.finding, place);
    return reading.kind === 'foreign' ? null : reading.link;
  }

  parentIdOf({ header }: ManifestLink): string | null {
    return header.parent?.backup_id ?? null;
  }

  async *parentsOf(place: ManifestPlace, link: ManifestLink): AsyncGenerator<ManifestPlace> {
    const search = await findParent(this.#tools, link, (at) => this.#tools.readings.readWhole(at));
    if (search.kind === 'not found') throw readFaultOf(search.finding, place);
    yield search.place;
  }

  async open(links: readonly ReadLink<ManifestPlace, ManifestLink>[]): Promise<ChainData> {
    return {
      links: links.map(({ read }) => linkDataOf(this.#tools, read)),
      // An image need not store zeros. Block hashes show a hole that is none.
      holesAreZeros: links.some(({ read }) => read.objects.hasImages),
    };
  }
}

function readFaultOf({ fault }: ManifestFinding, { imagePath }: ManifestPlace): ReadFault {
  return new ReadFault(fault ?? { code: 'metadata_unreadable', detail: imagePath }, false);
}
