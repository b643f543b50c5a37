import type { BackupSync } from '@backup-sync/contracts';
import { quote } from '../../../quote.ts';
import { formRemark } from '../../../unicode-form.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { ChainData } from '../../data.ts';
import type { ChainExaminer, FormatContext } from '../../format.ts';
import type { PathListing } from '../../path-listings.ts';
import { type ChainWalk, judgeChain } from '../../proof/chain-verdict.ts';
import { mayExceedReading } from '../../proof/etags/settle-etags.ts';
import { isSuperseded } from '../../proof/etags/superseded-proof.ts';
import { isLasting } from '../../proof/lasting-fault.ts';
import type { EdgeProof, Examination } from '../../proof/link.ts';
import { provableObjectsMax } from '../../proof/object-bound.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { checkVersion, type ProvedManifest, proveManifest, reusableVersions } from './link-proof.ts';
import { linkDataOf } from './manifest-data.ts';
import { ManifestHashes } from './manifest-hashes.ts';
import { isManifestPlace, type ManifestLink, type PlaceReading, readPlace } from './manifest-link.ts';
import type { ManifestTools } from './manifest-tools.ts';
import { findParent } from './parent-search.ts';

/** Objects of a manifest that is kept whole after its proof: some 10 MB. */
const keptObjectsMax = 100_000;

/** Backups with a manifest of this project's own. What is read or proved is shared by all that are examined in a run. */
export class ManifestChain implements ChainExaminer {
  readonly #tools: ManifestTools;
  readonly #readings = new Map<string, Promise<PlaceReading>>();
  readonly #proved = new Map<string, Promise<ProvedManifest | null>>();
  /** Proofs made in this run that no examination has handed out yet. */
  readonly #newProofs = new Set<EdgeProof>();

  constructor(context: ChainContext & Pick<FormatContext, 'listings'>, provableMax = provableObjectsMax) {
    this.#tools = { context, listings: context.listings, hashes: new ManifestHashes(context), provableMax };
  }

  async examine(item: BackupSync): Promise<Examination | null> {
    const place = await this.#placeAt(item.image_path);
    if (place === null) return null;
    const recorded = await this.#recorded(item.backup_id, place);
    if (recorded === null) {
      const reading = await this.#read(place);
      if (reading.kind === 'foreign') return null;
      const mismatch = reading.kind === 'link' ? requestMismatch(item, reading.link) : null;
      if (mismatch !== null) return this.#refused(place, mismatch);
    }
    const walk = await this.#walk(place, item.backup_id);
    if (walk === null) return null;
    return judgeChain(
      'manifest',
      walk,
      walk.links.filter(({ proof }) => this.#newProofs.delete(proof)),
    );
  }

  /** What is stored of a backup and its ancestors, full backup first. Throws `ReadFault`, and what storage throws. */
  async openData(item: BackupSync): Promise<ChainData | null> {
    const links: ManifestLink[] = [];
    // What was kept of a large manifest for its proof lacks what the data is held against.
    const read = (at: PathListing) => (isLarge(at) ? readPlace(this.#tools.context, at, true) : this.#read(at));
    let place = await this.#placeAt(item.image_path);
    while (place !== null) {
      const reading = await read(place);
      if (reading.kind === 'foreign') return null;
      if (reading.kind === 'unread') throw faultOf(reading.finding);
      const { link } = reading;
      if (
        links.some(
          (other) => other.place.imagePath === link.place.imagePath && other.place.bucketName === link.place.bucketName,
        )
      ) {
        throw new ReadFault({ code: 'cycle', detail: link.place.imagePath }, false);
      }
      links.push(link);
      if (link.header.parent === null) break;
      const search = await findParent(this.#tools, link, read);
      if (search.kind === 'not found') throw faultOf(search.finding);
      place = search.place;
    }
    if (links.length === 0) return null;
    return { links: links.toReversed().map((link) => linkDataOf(this.#tools, link)) };
  }

  async #placeAt(imagePath: string): Promise<PathListing | null> {
    const { context, listings } = this.#tools;
    const place = await listings.at(context.bucketName, imagePath);
    return place !== null && isManifestPlace(place) ? place : null;
  }

  /** From a link to its full backup, proving each edge once. Null where nothing of the link itself is left. */
  async #walk(leaf: PathListing, backupId: string): Promise<ChainWalk | null> {
    const links: ProvedManifest[] = [];
    const visited = new Set<string>();
    let next: { readonly place: PathListing; readonly backupId: string } | null = { place: leaf, backupId };
    while (next !== null) {
      const named: ProvedManifest['link'] = { backupId: next.backupId, imagePath: next.place.imagePath };
      const key = keyOf(next.place);
      if (visited.has(key)) return { links, leadsBackTo: named, vanished: null };
      visited.add(key);
      const proved: ProvedManifest | null = await this.#prove(next.place, next.backupId);
      if (proved === null) return links.length === 0 ? null : { links, leadsBackTo: null, vanished: named };
      links.push(proved);
      const { parent, proof } = proved;
      next = parent === null ? null : { place: parent, backupId: proof.parentBackupId ?? '' };
    }
    return { links, leadsBackTo: null, vanished: null };
  }

  #prove(place: PathListing, backupId: string): Promise<ProvedManifest | null> {
    const key = keyOf(place);
    const proved = this.#proved.get(key) ?? this.#proveOrReuse(place, backupId);
    this.#proved.set(key, proved);
    return proved;
  }

  async #proveOrReuse(place: PathListing, backupId: string): Promise<ProvedManifest | null> {
    const reused = await this.#recorded(backupId, place);
    const read = (at: PathListing) => this.#read(at);
    const proved = reused ?? (await proveManifest(this.#tools, place, backupId, read));
    if (proved !== null && proved !== reused) this.#newProofs.add(proved.proof);
    await this.#releaseLarge(place);
    return proved;
  }

  /** The recorded proof of a link, where it still holds: same check, same place, same listing at both ends. */
  async #recorded(backupId: string, place: PathListing): Promise<ProvedManifest | null> {
    const { context, listings } = this.#tools;
    const [proof] = await context.findProofs([backupId]);
    if (proof === undefined || !reusableVersions.has(proof.checkVersion) || isSuperseded(proof)) return null;
    if (!isAt(proof, context.storage.id, place) || proof.listing.digest !== place.listing.digest) return null;
    if (proof.fault !== null && !isLasting(proof.fault.code)) return null;
    // What ended at the ceiling of bytes may go on under another.
    const isLimited = proof.level === 'metadata' && mayExceedReading(context, proof.listing);
    if (proof.fault === null && proof.limit !== null && !isLimited) return null;
    const link = { backupId, imagePath: place.imagePath };
    if (proof.parentBackupId === null) return { place, link, parent: null, proof, unreadHashes: [], awaitsData: false };
    // Where the parent lies is in the manifest, and in its own proof.
    const [ofParent] = await context.findProofs([proof.parentBackupId]);
    if (ofParent === undefined || ofParent.location.storageUnitId !== context.storage.id) return null;
    const parent = await listings.at(ofParent.location.bucketName, ofParent.location.imagePath);
    if (parent === null || parent.listing.digest !== proof.parentListingDigest) return null;
    return { place, link, parent, proof, unreadHashes: [], awaitsData: false };
  }

  #read(place: PathListing): Promise<PlaceReading> {
    const key = readingKeyOf(place);
    const reading = this.#readings.get(key) ?? readPlace(this.#tools.context, place, !isLarge(place));
    this.#readings.set(key, reading);
    return reading;
  }

  /** Lets go of a manifest with many objects once it is proved; a child that is proved later reads it again. */
  async #releaseLarge(place: PathListing): Promise<void> {
    const key = readingKeyOf(place);
    const reading = await this.#readings.get(key);
    if (reading?.kind === 'link' && isLarge(reading.link.place)) this.#readings.delete(key);
  }

  /** The request contradicts the manifest at the place that it gives itself. */
  #refused(place: PathListing, detail: string): Examination {
    return {
      format: 'manifest',
      listing: place.listing,
      shared: null,
      contentId: null,
      level: null,
      fault: { code: 'identity_mismatch', detail },
      contradictsRequest: true,
      limit: null,
      remark: null,
      parentBackupId: null,
      missingParentId: null,
      ancestors: [],
      unreadHashes: [],
      awaitingData: [],
      incremental: null,
      volumeBytes: null,
      formatTime: null,
      parentFormatTime: null,
      verifiedAtMs: this.#tools.context.nowMs(),
      checkVersion,
      newProofs: [],
    };
  }
}

function isLarge({ listing }: PathListing): boolean {
  return listing.objectCount > keptObjectsMax;
}

function requestMismatch(item: BackupSync, { header, place }: ManifestLink): string | null {
  const { backup, resource } = header;
  if (item.backup_id !== backup.id) {
    const remark = formRemark(item.backup_id, backup.id);
    return `the request has backup_id ${quote(item.backup_id)}, and ${place.manifest?.key} is of ${quote(backup.id)}${remark}`;
  }
  // A backup of a server may be asked for by the server's id, and hold one of its volumes.
  if (item.resource_type === resource.type && item.resource_id !== resource.id) {
    const remark = formRemark(item.resource_id, resource.id);
    return `the request has resource_id ${quote(item.resource_id)}, and ${place.manifest?.key} is of ${quote(resource.id)}${remark}`;
  }
  return null;
}

function faultOf({ fault }: { readonly fault?: EdgeProof['fault'] }): ReadFault {
  return new ReadFault(fault ?? { code: 'metadata_unreadable', detail: '' }, false);
}

function isAt({ location }: EdgeProof, storageUnitId: string, place: PathListing): boolean {
  if (location.storageUnitId !== storageUnitId || location.bucketName !== place.bucketName) return false;
  return location.imagePath === place.imagePath;
}

function readingKeyOf(place: PathListing): string {
  return JSON.stringify([keyOf(place), place.listing.digest]);
}

function keyOf(place: PathListing): string {
  return JSON.stringify([place.bucketName, place.imagePath]);
}
