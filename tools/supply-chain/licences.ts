// pnpm licences: fails if a package has a licence that is not allowed, or a shipped one has a licence for tools only.
import { refusedPackages } from './allowed-licences.ts';
import { installedPackages, shippedPackages } from './installed-packages.ts';

const installed = installedPackages();
const refused = [...refusedPackages(installed, 'development'), ...refusedPackages(shippedPackages(), 'shipped')];
for (const { name, versions, licence } of refused) {
  process.stderr.write(`${name} ${versions.join(', ')}: ${licence} is not an allowed licence\n`);
}
process.stdout.write(`${installed.length} packages, ${refused.length} refused\n`);
process.exitCode = refused.length === 0 ? 0 : 1;
