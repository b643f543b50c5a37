// pnpm --silent sbom > sbom.json: prints the bill of materials of a release as CycloneDX JSON.
import { readFileSync } from 'node:fs';
import { billOfMaterials } from './bill-of-materials.ts';
import { shippedPackages } from './installed-packages.ts';

const project = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly name: string;
  readonly version: string;
};
const bill = billOfMaterials(project.name, project.version, shippedPackages());
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
