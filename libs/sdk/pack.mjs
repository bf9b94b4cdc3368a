// Makes a package of its own of the SDK and of what it uses of this repository, with declarations, for `npm install`:
//
//   node libs/sdk/pack.mjs [FOLDER]        countersign-sdk-<version>.tgz in the folder, or here
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const sdk = dirname(fileURLToPath(import.meta.url));
const libs = dirname(sdk);
const root = dirname(libs);

/** What the package holds of the repository, by the names under which it is imported. */
const SOURCES = {
  '@countersign/contracts': 'contracts/src/index.ts',
  '@countersign/kernel': 'kernel/src/index.ts',
  '@countersign/state-machine/schemas': 'state-machine/src/schemas.ts',
};
const IMPORT = /(\bfrom\s*|\bimport\s*\(\s*)(['"])([^'".][^'"]*)\2/g;

const [destination = '.'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'countersign-sdk-'));
try {
  const used = emit(join(folder, 'dist'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest(used), null, 2));
  for (const name of ['README.md', 'examples']) {
    cpSync(join(sdk, name), join(folder, name), { recursive: true });
  }
  const arguments_ = ['pack', folder, '--silent', '--pack-destination', resolve(destination)];
  const file = execFileSync('npm', arguments_, { encoding: 'utf8' }).trim();
  console.log(join(destination, file));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Writes modules and declarations, and answers the packages that they import. */
function emit(dist) {
  const program = programFor(dist);
  const used = new Set();
  const { diagnostics } = program.emit(undefined, (path, text) => {
    const inside = text.replace(IMPORT, (whole, before, quote, name) => {
      const source = SOURCES[name];
      if (source === undefined) {
        used.add(name);
        return whole;
      }
      const target = relative(dirname(path), join(dist, source.replace(/\.ts$/, '.js')));
      return `${before}${quote}${target}${quote}`;
    });
    ts.sys.writeFile(path, inside);
  });
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length > 0) {
    throw new Error(
      ts.formatDiagnostics(problems, ts.createCompilerHost(program.getCompilerOptions())),
    );
  }
  return [...used].filter((name) => !name.startsWith('node:')).sort();
}

function programFor(dist) {
  const configFile = join(root, 'tsconfig.json');
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile);
  const files = [join(sdk, 'src', 'index.ts')];
  const paths = Object.fromEntries(
    Object.entries(SOURCES).map(([name, file]) => [name, [join(libs, file)]]),
  );
  const compilerOptions = {
    ...config.compilerOptions,
    ...{ noEmit: false, declaration: true, stripInternal: true },
    ...{ rootDir: libs, outDir: dist, paths },
  };
  const asked = { compilerOptions, files };
  const { options } = ts.parseJsonConfigFileContent(asked, ts.sys, root, undefined, configFile);
  return ts.createProgram(files, options);
}

function manifest(used) {
  const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
  const { name, version, description, type, engines } = read(join(sdk, 'package.json'));
  const known = ['kernel', 'contracts', 'sdk'].map(
    (lib) => read(join(libs, lib, 'package.json')).dependencies,
  );
  const versions = Object.assign({}, ...known);
  const unknown = used.find((each) => versions[each] === undefined);
  if (unknown !== undefined) throw new Error(`${unknown} is imported and in no package.json`);
  const entry = './dist/sdk/src/index';
  return {
    ...{ name, version, description, type, engines },
    license: read(join(root, 'package.json')).license,
    exports: { '.': { types: `${entry}.d.ts`, default: `${entry}.js` } },
    dependencies: Object.fromEntries(used.map((each) => [each, versions[each]])),
  };
}
