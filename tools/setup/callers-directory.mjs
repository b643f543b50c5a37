import { realpathSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The directory in which whoever typed the command stands, so that paths can be relative to it. `npm run` changes to
 * the directory of the package first, and keeps the other one in INIT_CWD. An npm further out leaves INIT_CWD to
 * everything below it, so it counts only if npm is running this script of this package.
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
    // What does not exist is not this package.
    return false;
  }
}
