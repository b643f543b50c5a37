import type { BackupSync, ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import type { TrustedRoots } from '../../../trusted-roots.ts';
import type { FormatContext } from '../../format.ts';
import type { Check } from '../../proof/check-version.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { EdgeProof, Fault, Form } from '../../proof/link.ts';
import { concludeEdge, type Finding, type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { isYoung } from '../../proof/young-metadata.ts';
import { nameOf } from './certificate.ts';
import { proveDisks } from './disk-structures.ts';
import { checkInventory } from './inventory-check.ts';
import { isPackagePlace, type OvfLink } from './ovf-link.ts';
import { parseArchivePath } from './ovf-path.ts';
import { formOf } from './package-form.ts';
import { mayBePart } from './package-names.ts';
import type { PackageReadings } from './package-readings.ts';
import { describeStrays, filesOf, type PackageSet } from './package-set.ts';

/** Raise the version when an old proof would come out differently today. */
const version = 'ovf/3';

/** The check with these trusted roots. The version of a signed package names them, so that it is proved again with others. */
export function ovfCheck(roots: TrustedRoots): Check {
  return { version, reusable: [versionOfSigned(roots)], judgedByEtag: [] };
}

function versionOfSigned({ digest }: TrustedRoots): string {
  return `${version}+${digest === null ? 'no-roots' : `roots-${digest.slice(0, 12)}`}`;
}

/** Faults that a package also has while it is being written. */
const unfinished: ReadonlySet<ReasonCode> = new Set([
  ...(['object_missing', 'object_size_impossible', 'metadata_unreadable', 'content_mismatch'] as const),
]);

/** What the proof of packages has found so far. */
type KnownPackages = {
  set: PackageSet | null;
  /** Descriptions of who signed them. */
  signers: readonly string[];
  form: Form | null;
  extents: ReadonlySet<string>;
};

/** Proves packages of virtual machines. Each stands alone. */
export class OvfProver implements LinkProver<OvfLink> {
  readonly format = 'ovf';
  readonly check: Check;
  readonly #context: FormatContext;
  readonly #readings: PackageReadings;

  constructor(context: FormatContext, readings: PackageReadings) {
    this.#context = context;
    this.#readings = readings;
    this.check = ovfCheck(context.trustedRoots);
  }

  /** Packages contain no id, so any id in a request is accepted. */
  async find({ backup_id: backupId, image_path: imagePath }: BackupSync): Promise<FoundLink<OvfLink> | null> {
    const place = await this.#context.listings.at(this.#context.bucketName, imagePath);
    if (place === null || !(await isPackagePlace(this.#context, place))) return null;
    return { link: { ...place, backupId }, refusal: null };
  }

  async reuse(link: OvfLink, proof: EdgeProof): Promise<ProvedLink<OvfLink>> {
    return reusedLink(link, null, proof);
  }

  async prove(link: OvfLink): Promise<ProvedLink<OvfLink>> {
    const known: KnownPackages = { set: null, signers: [], form: null, extents: new Set() };
    let level: VerificationLevel | null = null;
    try {
      const set = await this.#readings.read(link);
      known.set = set;
      known.signers = await this.#describeSigners(set);
      level = 'metadata';
      const { fault, unsized } = await checkInventory(this.#context, set);
      if (fault !== null) {
        const suspect = fault.code === 'object_missing' ? link : null;
        return this.#conclude(link, known, { fault: this.#ofYoung(link, fault), level, suspect });
      }
      const disks = await proveDisks(this.#context, set);
      known.extents = disks.extents;
      const { form, limit } = formOf(set, { ...disks, unsized });
      // A level is reached only if everything of the package allows it.
      level = form.ceiling === 'metadata' ? 'metadata' : 'inventory';
      if (disks.fault !== null) {
        const suspect = disks.looksMissing ? link : null;
        return this.#conclude(link, known, { fault: this.#ofYoung(link, disks.fault), level, suspect });
      }
      known.form = form;
      if (limit === null) return this.#conclude(link, known, { fault: null, level: 'linkage' });
      return this.#conclude(link, known, { fault: null, level, limit: `${link.imagePath}: ${limit}` });
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error;
      const { fault, looksMissing } = error;
      const reached = level ?? (isOfAccess(fault.code) ? 'presence' : null);
      const suspect = looksMissing ? link : null;
      return this.#conclude(link, known, { fault: this.#ofYoung(link, fault), level: reached, suspect });
    }
  }

  async listAgain(link: OvfLink): Promise<OvfLink | null> {
    const { bucketName, imagePath, backupId, listing } = link;
    const fresh = await this.#context.listings.again(bucketName, imagePath);
    if (fresh === null) return null;
    return fresh.listing.digest === listing.digest ? link : { ...fresh, backupId };
  }

  async release(): Promise<void> {}

  /**
   * What is missing of a package that was written just now may still come, and what contradicts itself may be of two
   * exports: nothing in it says that it is complete.
   */
  #ofYoung({ listing: { newestObjectAtMs } }: OvfLink, fault: Fault): Fault {
    const mayCome = unfinished.has(fault.code);
    const isNew = newestObjectAtMs !== null && isYoung({ modifiedAtMs: newestObjectAtMs }, this.#context.nowMs());
    return mayCome && isNew ? { ...fault, code: 'incomplete' } : fault;
  }

  async #describeSigners({ packages }: PackageSet): Promise<readonly string[]> {
    const { trustedRoots, nowMs } = this.#context;
    const signers = packages.map(({ signer }) => signer).filter((signer) => signer !== null);
    if (trustedRoots.digest === null) {
      return signers.map(
        ({ certificate }) => `signed by ${nameOf(certificate)}, certificate not checked against a root`,
      );
    }
    if (signers.length === 0) return [];
    // Loaded only if needed: it takes a tenth of a second.
    const { describeSigner } = await import('./describe-signer.ts');
    return signers.map((signer) => describeSigner(signer, trustedRoots, nowMs()));
  }

  #conclude(link: OvfLink, known: KnownPackages, finding: Finding<OvfLink>): ProvedLink<OvfLink> {
    const { set, signers, form, extents } = known;
    const remarks = set === null ? [] : [...signers, ...set.remarks, ...describeStrays(set, extents)];
    const documents = set?.packages.flatMap(({ files, documents }) => [...files.keys()].slice(0, 1).concat(documents));
    const read = new Set((documents ?? []).map((path) => set?.stored.files.get(path)?.entry ?? null));
    const proved = concludeEdge(
      this.#context,
      {
        link,
        listing: set?.listing ?? link.listing,
        shared: null,
        parent: null,
        contentId: set?.contentId ?? null,
        parentBackupId: null,
        form,
        // Nothing in a package says when it was made.
        formatTime: null,
        checkVersion: signers.length === 0 ? version : versionOfSigned(this.#context.trustedRoots),
        read: [...read],
        remark: remarks.length === 0 ? null : remarks.join('; '),
        awaitsData: false,
      },
      finding,
    );
    return set === null ? proved : { ...proved, parts: partsOf(link, set, extents) };
  }
}

/** The image paths at which files of the packages in a folder could be recorded as backups. */
function partsOf({ imagePath, ownObject }: OvfLink, set: PackageSet, extents: ReadonlySet<string>): readonly string[] {
  // Members of an archive have no image paths.
  if (ownObject !== null && parseArchivePath(imagePath) !== null) return [];
  const files = filesOf(set).flatMap(({ path, stored, file }) => (stored === null || file === null ? [] : [path]));
  return [...files, ...extents].filter(mayBePart).map((path) => `${imagePath}/${path}`);
}
