import { ServerError } from '@countersign/servers';
import { RunRecord } from './run-record.js';
import { readSettings } from './settings.js';
import { start } from './start.js';
import { claimStateFolder } from './state-folder.js';
import { Supervisor } from './supervisor.js';
import { unrecorded } from './unrecorded.js';
import { welcome } from './welcome.js';

/** One Ctrl-C arrives twice: from the terminal, and passed on by npm. */
const SAME_PRESS_MS = 1_000;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs the local system until it is told to stop or a part of it dies.
 *
 * @returns the exit code.
 */
async function run(): Promise<number> {
  const settings = readSettings(process.env, process.argv.slice(2));
  const folder = claimStateFolder(settings.stateFolder);
  const record = new RunRecord(folder.runRecord);
  const supervisor = new Supervisor(record);
  const stopping = new AbortController();
  const stopRequest = onStopRequest(stopping, supervisor);
  try {
    const ended = await record.endLeftovers(unrecorded(folder));
    if (ended.length > 0) print(`Ended what an earlier start left running: ${ended.join(', ')}.`);
    const starting = start(settings, folder, supervisor, print, stopping.signal);
    supervisor.follow(starting);
    const started = await Promise.race([starting, supervisor.death, stopRequest]);
    if (started !== undefined) {
      print(await welcome(started));
      await Promise.race([supervisor.death, stopRequest]);
    }
    print('Stopping ...');
    await supervisor.stop();
    return 0;
  } catch (error) {
    stopping.abort();
    await supervisor.stop().catch(complain);
    throw error;
  } finally {
    folder.release();
  }
}

/** Resolves at the first request to stop; a second one is taken as impatience. */
function onStopRequest(stopping: AbortController, supervisor: Supervisor): Promise<undefined> {
  return new Promise((resolve) => {
    let first = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (first === 0) {
          first = Date.now();
          stopping.abort();
          resolve(undefined);
        } else if (Date.now() - first > SAME_PRESS_MS) {
          supervisor.hurry();
        }
      });
    }
  });
}

function complain(error: unknown): void {
  if (error instanceof ServerError) console.error(error.message);
  else console.error('The launcher failed:', error);
}

// A closed terminal or pipe must not kill the launcher before it has stopped its servers.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
try {
  process.exitCode = await run();
} catch (error) {
  complain(error);
  process.exitCode = 1;
}
process.exit();
