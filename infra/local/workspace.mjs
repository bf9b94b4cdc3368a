// Runs on Node 20 before anything is installed: plain JavaScript, nothing but Node's own modules.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * The folders of all workspace packages, relative to the checkout, in a stable order.
 *
 * Reads the few lines of pnpm-workspace.yaml that matter here (`- libs/*`, `- infra/local`); a
 * real YAML parser is not installed yet when this first runs.
 *
 * @returns {string[]}
 */
export function workspacePackages() {
  const [, list = ''] =
    /^packages:\n((?:[ \t]+.*\n|\n)+)/m.exec(
      readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'),
    ) ?? [];
  const patterns = [...list.matchAll(/^\s*-\s*['"]?([^'"\s#]+)['"]?/gm)].map(
    ([, pattern]) => pattern,
  );
  return patterns
    .flatMap((pattern) => {
      if (!pattern.endsWith('/*')) return [pattern];
      const parent = pattern.slice(0, -2);
      if (!existsSync(join(root, parent))) return [];
      return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
    })
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort();
}
