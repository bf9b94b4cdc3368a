import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer, findPostgres, repositoryFolder, ServerError } from '@countersign/servers';
import { readJson } from './state-folder.js';
import { slowest, summarize, type JestReport } from './test-report.js';

/** Something a test left open must not hold a run up for ever once all results are in. */
const EXIT_WITHIN_MS = 30_000;

/** Where a running system was pointed to must not leak into tests, which use servers of their own. */
const NOT_FOR_TESTS = [
  'PORT',
  'NATS_PORT',
  'POSTGRES_PORT',
  'NATS_URL',
  'DATABASE_URL',
  'COUNTERSIGN_DATA',
  'EVENT_STORE',
];

/**
 * Runs all tests, or those whose path matches a pattern, and ends with the line that counts them.
 *
 * @param env added to the tests' environment.
 * @returns the process's exit code.
 */
async function run(
  patterns: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  // Fetched here once and announced, so that no test waits on a download.
  findPostgres();
  await findNatsServer((line) => {
    console.log(line);
  });
  const folder = mkdtempSync(join(tmpdir(), 'countersign-test-'));
  const reportFile = join(folder, 'report.json');
  // Tests that are interrupted leave their folders behind; in here they go with ours.
  const scratch = join(folder, 'tmp');
  mkdirSync(scratch);
  try {
    // The services are started dozens of times: what Node has compiled once need not be compiled again.
    const added = { ...env, TMPDIR: scratch, NODE_COMPILE_CACHE: join(folder, 'compiled') };
    const exitCode = await runJest(reportFile, patterns, added);
    const report = readJson(reportFile) as JestReport | undefined;
    const outcome = summarize(report, exitCode);
    for (const line of slowest(report?.testResults ?? [], repositoryFolder)) console.log(line);
    if (outcome.remark !== undefined) console.log(outcome.remark);
    console.log(outcome.line);
    return outcome.succeeded ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

async function runJest(
  reportFile: string,
  patterns: readonly string[],
  added: Readonly<Record<string, string>>,
): Promise<number | null> {
  const env = Object.entries(process.env).filter(([name]) => !NOT_FOR_TESTS.includes(name));
  const jest = spawn(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
      ...['--maxWorkers=2', '--json', `--outputFile=${reportFile}`, ...patterns],
    ],
    {
      cwd: repositoryFolder,
      // The report goes to its file; what Jest says about that on standard output is noise.
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...Object.fromEntries(env), ...added },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => jest.kill(signal));
  }
  return new Promise((resolve, reject) => {
    let since = 0;
    const watch = setInterval(() => {
      if (!existsSync(reportFile)) return;
      since ||= Date.now();
      if (Date.now() - since < EXIT_WITHIN_MS) return;
      console.log(`Jest does not end ${EXIT_WITHIN_MS / 1000} s after its last test.`);
      jest.kill('SIGKILL');
    }, 1_000);
    jest.once('error', reject);
    jest.once('exit', (code) => {
      clearInterval(watch);
      resolve(code);
    });
  });
}

/** `run` as a program: whatever prevents the run counts as a failed test. */
export async function runTests(
  patterns: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  try {
    process.exitCode = await run(patterns, env);
  } catch (error) {
    console.error(error instanceof ServerError ? error.message : error);
    console.log('0 passed, 1 failed');
    process.exitCode = 1;
  }
}
