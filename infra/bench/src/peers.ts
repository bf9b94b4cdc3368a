import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { findNatsServer, findPostgres, repositoryFolder } from '@countersign/servers';

/** A line that a peer's script or our own workload printed. */
export interface Line {
  readonly peer: string;
  readonly workload: string;
  readonly concurrency: number;
  readonly ops_per_s: number;
  readonly p50_ms: number;
}

const scripts = ['bench-dbos.mjs', 'bench-restate.mjs'];

/** Which of a peer's workloads does the same work as one of ours. */
const comparable: Record<string, readonly string[]> = {
  'approval-round-trip': [
    'approval-round-trip',
    'approval-round-trip-promise',
    'approval-round-trip-awakeable',
  ],
  'workflow-start-to-complete': ['workflow-0-steps', 'service-0-steps'],
};

/**
 * Runs the peers' scripts, which lie beside the checkout and are not part of it, in a temporary copy with
 * their own dependencies. Their lines go to standard output as ours do.
 */
export async function runPeers(): Promise<Line[]> {
  const source = process.env['PEERS_FOLDER'] ?? join(repositoryFolder, '../shared/bench/peers');
  if (!existsSync(source)) {
    throw new Error(`The peers are not there: ${source} (PEERS_FOLDER names another folder).`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'countersign-peers-'));
  cpSync(source, folder, { recursive: true });
  execFileSync('chmod', ['-R', 'u+w', folder]);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const lines: Line[] = [];
  for (const script of scripts) lines.push(...(await runScript(folder, script)));
  return lines;
}

async function runScript(folder: string, script: string): Promise<Line[]> {
  const { postgres } = findPostgres();
  const child = spawn(process.execPath, [script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PG_BIN: process.env['PG_BIN'] ?? join(postgres, '..'),
      PG_USER: process.env['PG_USER'] ?? 'nobody',
      NATS_SERVER: await findNatsServer(),
    },
  });
  const lines: Line[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    process.stdout.write(`${text}\n`);
    lines.push(JSON.parse(text) as Line);
  }
  return lines;
}

/** Our rate over each peer's, and its latency over ours, workload by workload, of one run. */
export function ratios(own: readonly Line[], peers: readonly Line[]): object[] {
  return own.flatMap((ours) =>
    peers
      .filter(
        (theirs) =>
          theirs.concurrency === ours.concurrency &&
          comparable[ours.workload]?.includes(theirs.workload),
      )
      .map((theirs) => ({
        ratio: `${ours.workload} / ${theirs.peer} ${theirs.workload}`,
        concurrency: ours.concurrency,
        rate: Math.round((ours.ops_per_s / theirs.ops_per_s) * 100) / 100,
        p50: Math.round((ours.p50_ms / theirs.p50_ms) * 100) / 100,
      })),
  );
}
