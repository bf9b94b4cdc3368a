import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether this system has Debian's package tools. */
export async function hasDebianTools(): Promise<boolean> {
  try {
    await run('apt-get', ['--version']);
    await run('dpkg', ['--version']);
    return true;
  } catch {
    return false;
  }
}

/**
 * Fetches the distribution's package of nats-server, which apt checks against the distribution's
 * keys, and unpacks it into `folder` without installing it. Needs no root.
 *
 * @returns the program's path.
 * @throws Error when the package cannot be had.
 */
export async function unpackDebianPackage(
  folder: string,
  log: (line: string) => void = () => undefined,
): Promise<string> {
  const work = mkdtempSync(join(folder, 'debian-'));
  log("Fetching the distribution's package of nats-server ...");
  try {
    await apt(work, ['download', 'nats-server']);
  } catch {
    // A fresh machine has no package lists, or old ones. Ours go into our own folder: that works
    // for every user and leaves the system as it is.
    const state = aptFolders(work);
    log('Fetching the package lists ...');
    await apt(work, [...state, 'update']);
    await apt(work, [...state, 'download', 'nats-server']);
  }
  const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get downloaded nothing');
  await run('dpkg', ['-x', join(work, archive), work]);
  const program = ['usr/sbin/nats-server', 'usr/bin/nats-server']
    .map((path) => join(work, path))
    .find((path) => existsSync(path));
  if (program === undefined) throw new Error(`${archive} holds no nats-server`);
  return program;
}

async function apt(work: string, args: readonly string[]): Promise<void> {
  // apt gives root's downloads to a user of its own, who may not be able to enter our folder.
  const sandbox = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
  try {
    await run('apt-get', ['--quiet', ...sandbox, ...args], {
      cwd: work,
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 180_000,
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (cause) {
    const { stderr = '', message } = cause as Error & { stderr?: string };
    const reason = stderr.split('\n').find((line) => line.startsWith('E:')) ?? message;
    throw new Error(`apt-get: ${reason.replace(/^E:\s*/, '').trim()}`, { cause });
  }
}

function aptFolders(work: string): string[] {
  const lists = join(work, 'lists');
  const cache = join(work, 'archives');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(cache, 'partial'), { recursive: true });
  return ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`];
}
