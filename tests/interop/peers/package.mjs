import { readFileSync } from 'node:fs';

/** The version of an installed package, also of one that exports no package.json. */
export function versionOf(name) {
  const path = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')).version;
}
