import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '2.12.15';
const DEFAULT_BASE = 'https://github.com/nats-io/nats-server/releases/download';

/** From the recipes of the vendor's own container images, so not from where the archive comes from. */
const PINNED_SHA256: Readonly<Record<string, string>> = {
  'linux-amd64': '58ab8131f819263897e2fc38e503e1b755b63bcafeecc7d12582487df48ca15e',
  'linux-arm64': 'b724db99fefbf8f5c808baa82819ee50350aee9734017e4a478f7e545cef3ab6',
};

/** Give up on an unreachable site quickly: there may be another way to get the server. */
const ANSWER_WITHIN_MS = 5_000;
const COMPLETE_WITHIN_MS = 180_000;

/**
 * Fetches the pinned release of nats-server from its vendor and unpacks the program into `folder`.
 * `NATS_DOWNLOAD_BASE` names a mirror with the same layout.
 *
 * For systems without a pinned checksum it is read from the release's own SHA256SUMS, which guards
 * against a damaged download but not against a forged release.
 *
 * @returns the program's path.
 * @throws Error when the site cannot be reached or the checksum differs.
 */
export async function unpackRelease(
  folder: string,
  log: (line: string) => void = () => undefined,
): Promise<string> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const name = `nats-server-v${VERSION}-${platform}`;
  const base = `${process.env['NATS_DOWNLOAD_BASE'] ?? DEFAULT_BASE}/v${VERSION}`;
  const expected = PINNED_SHA256[platform] ?? (await listedSha256(base, `${name}.tar.gz`));
  const archive = await download(`${base}/${name}.tar.gz`, () => {
    log(`Downloading nats-server ${VERSION} ...`);
  });
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== expected) {
    throw new Error(`the checksum of ${base}/${name}.tar.gz is ${actual}, not ${expected}`);
  }
  const work = mkdtempSync(join(folder, 'release-'));
  const file = join(work, 'archive.tar.gz');
  writeFileSync(file, archive);
  await promisify(execFile)('tar', ['-xzf', file, '-C', work, '--no-same-owner']);
  rmSync(file);
  return join(work, name, 'nats-server');
}

async function listedSha256(base: string, archive: string): Promise<string> {
  const list = (await download(`${base}/SHA256SUMS`)).toString('utf8');
  const line = list.split('\n').find((entry) => entry.trim().endsWith(archive));
  const [sum] = line?.trim().split(/\s+/) ?? [];
  if (sum === undefined) throw new Error(`${base}/SHA256SUMS does not list ${archive}`);
  return sum;
}

async function download(url: string, onAnswer?: () => void): Promise<Buffer> {
  const abort = new AbortController();
  let timer = setTimeout(() => {
    abort.abort(new Error('no answer in time'));
  }, ANSWER_WITHIN_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    onAnswer?.();
    clearTimeout(timer);
    timer = setTimeout(() => {
      abort.abort(new Error('the download takes too long'));
    }, COMPLETE_WITHIN_MS);
    return Buffer.from(await response.arrayBuffer());
  } finally {
    clearTimeout(timer);
  }
}
