// Compiles every package's src/**/*.ts to dist/**/*.js. Types are checked by `pnpm check`, not here.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, workspacePackages } from './workspace.mjs';

const STAMP = join(root, 'node_modules', '.cache', 'countersign', 'build.json');

/**
 * Brings every dist folder up to date, compiling only what changed.
 *
 * @returns {Promise<{compiled: number, removed: number}>}
 */
export async function build() {
  const toolchain = digest(
    readFileSync(join(root, '.swcrc')),
    readFileSync(join(root, 'node_modules', '@swc', 'core', 'package.json')),
    readFileSync(new URL(import.meta.url)),
  );
  const before = readStamp(toolchain);
  const packages = workspacePackages().filter((folder) => !buildsItself(folder));
  const sources = packages.flatMap(sourcesOf);
  const files = {};
  const changed = [];
  for (const source of sources) {
    const path = join(root, source.file);
    const { mtimeMs, size } = statSync(path);
    const known = before.files[source.file];
    const unchanged = known?.mtimeMs === mtimeMs && known.size === size;
    const hash = unchanged ? known.hash : digest(readFileSync(path));
    files[source.file] = { mtimeMs, size, hash };
    if (known?.hash !== hash || !existsSync(join(root, source.output))) changed.push(source);
  }
  const removed = removeStale(packages, sources);
  await compile(changed);
  // Without a change this stays untouched, so that two starts at once do not write it together.
  const stamp = JSON.stringify({ toolchain, files });
  if (stamp !== before.text) writeWhole(STAMP, stamp);
  return { compiled: changed.length, removed };
}

function readStamp(toolchain) {
  try {
    const text = readFileSync(STAMP, 'utf8');
    const stamp = JSON.parse(text);
    if (stamp.toolchain === toolchain) return { ...stamp, text };
  } catch {
    // The first build, or a damaged stamp: everything is compiled.
  }
  return { files: {}, text: '' };
}

/** A package with a build script of its own (a bundled web application) fills its dist by that. */
function buildsItself(folder) {
  const { scripts } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return scripts?.build !== undefined;
}

function sourcesOf(folder) {
  const src = join(root, folder, 'src');
  return walk(src)
    .filter((file) => !/\.spec\.tsx?$|\.d\.ts$|\.tsx$/.test(file))
    .map((file) => {
      const inside = relative(src, file);
      const compiled = inside.endsWith('.ts');
      return {
        file: join(folder, 'src', inside),
        output: join(folder, 'dist', compiled ? inside.replace(/\.ts$/, '.js') : inside),
        compiled,
      };
    });
}

function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

/** A module whose source is gone could still be imported, or be found as a migration. */
function removeStale(packages, sources) {
  const wanted = new Set(sources.flatMap(({ output }) => [output, `${output}.map`]));
  const stale = packages
    .flatMap((folder) => walk(join(root, folder, 'dist')))
    .filter((file) => !wanted.has(relative(root, file)));
  for (const file of stale) rmSync(file);
  return stale.length;
}

async function compile(changed) {
  if (changed.length === 0) return;
  const { transform } = createRequire(join(root, 'package.json'))('@swc/core');
  const options = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));
  delete options.$schema;
  await Promise.all(
    changed.map(async ({ file, output, compiled }) => {
      const text = readFileSync(join(root, file));
      if (!compiled) {
        writeWhole(join(root, output), text);
        return;
      }
      const { code, map } = await transform(text.toString('utf8'), {
        ...options,
        swcrc: false,
        filename: join(root, file),
        sourceFileName: relative(dirname(output), file),
      });
      const name = basename(output);
      writeWhole(join(root, `${output}.map`), map ?? '');
      writeWhole(join(root, output), `${code}\n//# sourceMappingURL=${name}.map\n`);
    }),
  );
}

/** Another process may be importing the file at this moment. */
function writeWhole(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, path);
}

function digest(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64url').slice(0, 22);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const { compiled, removed } = await build();
    if (compiled + removed > 0) console.log(`Compiled ${compiled} files, removed ${removed}.`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
