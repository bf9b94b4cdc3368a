// What `npm start` and `npm test` run first. It must work on Node 20 with nothing installed: plain
// JavaScript, nothing but Node's own modules. It installs and builds what is missing or out of
// date, then hands over to the pinned Node.
//
//   node infra/local/bootstrap.mjs start [options]        the whole system on this machine
//   node infra/local/bootstrap.mjs test [patterns]        all tests
//   node infra/local/bootstrap.mjs run <script> [args]    any compiled script of the workspace
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, workspacePackages } from './workspace.mjs';

const PNPM = 'pnpm@12.21.0';
const OLDEST_NODE = 20;
/** What our compiled code needs, when there is no pinned Node for the platform. */
const OLDEST_RUNTIME = 22;

const PROGRAMS = {
  start: 'infra/local/dist/launcher.js',
  test: 'infra/local/dist/test-runner.js',
};

/** Ends with one sentence; a stack trace would tell a newcomer nothing. */
class Refusal extends Error {}

function checkPlatform() {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new Refusal(
      `Countersign runs on Linux and macOS, not on ${process.platform}; on Windows use WSL.`,
    );
  }
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new Refusal(
      `Countersign needs Node ${OLDEST_NODE} or later and this is ${process.version}.`,
    );
  }
}

function install() {
  const stampFile = join(root, 'node_modules', '.countersign-install');
  const stamp = installStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  console.log('Installing packages ...');
  const args = [
    ...[PNPM, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'],
    // Packages are run by the pinned Node, so this one's version is nothing to warn about.
    ...(pinnedVersion() === undefined ? [] : [`--config.nodeVersion=${pinnedVersion()}`]),
  ];
  // npm says which npm it is when it runs us; else the one on the PATH has to do.
  const npm = process.env.npm_execpath;
  const [command, first] =
    npm !== undefined && /npm-cli\.c?js$/.test(npm)
      ? [process.execPath, [npm, 'exec', '--yes', '--']]
      : ['npx', ['--yes']];
  const { status, signal, error } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: installEnvironment(),
  });
  if (error !== undefined) throw new Refusal(`npx could not be started (${error.message}).`);
  if (signal !== null) process.exit(130);
  if (status !== 0) {
    throw new Refusal('The packages could not be installed; what is above says why.');
  }
  writeFileSync(stampFile, stamp);
}

function pinnedVersion() {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const platform = `${process.platform}-${process.arch}`;
  return (
    optionalDependencies?.[`node-${platform}`] ?? optionalDependencies?.[`node-bin-${platform}`]
  );
}

function installStamp() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  const manifests = workspacePackages().map((folder) => `${folder}/package.json`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function installEnvironment() {
  // Settings of the package that called us are not meant for the tool that installs others.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|command)/.test(name)),
  );
  env.npm_config_update_notifier = 'false';
  try {
    accessSync(homedir(), constants.W_OK);
  } catch {
    // npm and pnpm keep caches at home; without a home that can be written, ours will do.
    env.HOME = join(root, '.cache', 'home');
    env.npm_config_cache = join(env.HOME, '.npm');
    mkdirSync(env.HOME, { recursive: true });
  }
  return env;
}

function compile(quiet) {
  const script = fileURLToPath(new URL('build.mjs', import.meta.url));
  // In a process of its own: the compiler would stay in our memory for as long as the system runs.
  const { status, signal } = spawnSync(process.execPath, [script], {
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
  });
  if (signal !== null) process.exit(130);
  if (status !== 0) throw new Refusal('The sources could not be compiled (see above).');
}

function runtime() {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(pinned)) {
    // Tried before it is trusted: a package for glibc does not run on musl.
    const isThis = realpathSync(pinned) === realpathSync(process.execPath);
    if (isThis || spawnSync(pinned, ['--version']).status === 0) return pinned;
  }
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_RUNTIME) return process.execPath;
  throw new Refusal(
    `There is no packaged Node for ${process.platform}-${process.arch}; install Node ${OLDEST_RUNTIME} or later.`,
  );
}

function handOver(command, args) {
  // The second start comes here with the pinned Node already, which can become the next program.
  // That leaves one process less behind, and nobody in between who would have to pass signals on.
  if (process.execve !== undefined) {
    process.removeAllListeners('warning');
    process.execve(command, [command, ...args], process.env);
  }
  const child = spawn(command, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1;
  });
}

try {
  const [verb, ...rest] = process.argv.slice(2);
  const [program, ...args] = verb === 'run' ? rest : [PROGRAMS[verb], ...rest];
  if (program === undefined) throw new Refusal('Say start, test, or run and a script.');
  checkPlatform();
  install();
  compile(verb === 'test');
  handOver(runtime(), ['--no-warnings', resolve(root, program), ...args]);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
