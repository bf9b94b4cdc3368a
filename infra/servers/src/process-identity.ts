import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One process for as long as it lives. The number alone is not enough: the system hands it out
 * again after the process has ended, perhaps to something that is not ours.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process only, also across a reboot. */
  readonly startedAt: string;
}

/** A signal, and how long to wait for the process to go before the next step. */
export interface EndStep {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/** Who the process with this number is now; undefined when there is none, or only its remains. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? linuxStart(pid) : psStart(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startedAt === identity.startedAt;
}

/**
 * Ends exactly this process, gently first, and returns when it is gone. Does nothing when its
 * number belongs to another process by now.
 *
 * @returns whether it is gone.
 */
export async function endProcess(
  identity: ProcessIdentity,
  steps: readonly EndStep[],
): Promise<boolean> {
  for (const { signal, graceMs } of steps) {
    if (!isRunning(identity)) return true;
    try {
      process.kill(identity.pid, signal);
    } catch {
      // It went between the look and the signal, or is not ours to end: the next look tells.
    }
    const deadline = Date.now() + graceMs;
    while (isRunning(identity) && Date.now() < deadline) await sleep(20);
  }
  return !isRunning(identity);
}

let bootId: string | undefined;

/** Field 22 of /proc/<pid>/stat counts ticks since the machine started, so the boot belongs to it. */
function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Without an init process that reaps, an ended orphan stays as a zombie for ever.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${bootId}/${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

function psStart(pid: number): string | undefined {
  try {
    const lines = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    if (lines === '' || lines.startsWith('Z')) return undefined;
    return lines.slice(lines.indexOf(' ') + 1).trim();
  } catch {
    return undefined;
  }
}
