import type { InstalledPackage } from './allowed-licences.ts';

/** Returns the bill of materials as CycloneDX 1.6. The same packages give the same document. */
export function billOfMaterials(name: string, version: string, packages: readonly InstalledPackage[]) {
  const components = packages
    .flatMap((each) => each.versions.map((installed) => componentOf(each, installed)))
    .toSorted((one, other) => (one.purl < other.purl ? -1 : 1));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name, version, 'bom-ref': `${name}@${version}` } },
    components,
  };
}

function componentOf({ name, licence }: InstalledPackage, version: string) {
  // The specification of package URLs encodes the "@" of a scope.
  const purl = `pkg:npm/${name.replace(/^@/, '%40')}@${encodeURIComponent(version)}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl, licenses: [{ expression: licence }] };
}
