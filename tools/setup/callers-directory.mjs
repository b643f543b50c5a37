import { realpathSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Returns the directory of the person who typed the command, so that paths can be relative to it. `npm run` first
 * changes to the directory of the package, and keeps the other one in INIT_CWD. Everything that an npm starts inherits
 * INIT_CWD, so it counts only if npm runs this script of this package.
 */
export function callersDirectory(root, script, variables = process.env) {
  const { INIT_CWD: directory, npm_lifecycle_event: event, npm_package_json: manifest } = variables;
  const isOurs = event === script && manifest !== undefined && isSameFile(manifest, join(root, 'package.json'));
  return isOurs && directory ? directory : process.cwd();
}

function isSameFile(one, other) {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    // A file that does not exist is not of this package.
    return false;
  }
}
