import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder, whether this file runs from `src` or from `dist`. */
export const repositoryFolder = fileURLToPath(new URL('../../..', import.meta.url));

/** Where downloaded server binaries are kept: `COUNTERSIGN_CACHE`, or `.cache` in the checkout. */
export function cacheFolder(): string {
  const configured = process.env['COUNTERSIGN_CACHE'];
  return configured ? resolve(configured) : resolve(repositoryFolder, '.cache');
}
