import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Where the repository has what the package depends on, so that nothing is fetched. */
const INSTALLED = {
  '@nats-io/jetstream': 'libs/sdk',
  '@nats-io/transport-node': 'libs/sdk',
  canonicalize: 'libs/kernel',
  'p-retry': 'libs/sdk',
  zod: 'libs/sdk',
};

const OUTSIDER = `
import { Countersign, outcomes, subscribe, type Approval, type EventName } from '@countersign/sdk';

export async function use(client: Countersign): Promise<string> {
  const [first]: Approval[] = await client.getPendingApprovals();
  if (!first) return 'nothing';
  const { status }: { status: 'PENDING' | 'IN_PROGRESS' | 'APPROVED' | string } = first;
  // @ts-expect-error there is no such level
  await client.createRequest({ subject: {}, level: 'TRIPLE', reason: 'why' });
  // @ts-expect-error there is no such event
  const name: EventName = 'approval.invented';
  await subscribe({
    servers: [],
    durable: 'subscriber',
    events: outcomes,
    handle: (event) => {
      const id: string = event.data.approvalId;
      // @ts-expect-error only a granted approval has a level
      return void [id, event.data.level];
    },
  });
  return status + name;
}
`;

describe('the package', () => {
  let folder: string;
  let readme: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-outsider-'));
    const modules = join(folder, 'node_modules');
    for (const [name, place] of Object.entries({ ...INSTALLED, '@types/node': '.' })) {
      const link = join(modules, name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(root, place, 'node_modules', name), link);
    }
    const pack = [join(root, 'libs/sdk/pack.mjs'), '.'];
    const { stdout } = await run('node', pack, { cwd: folder });
    await mkdir(join(modules, '@countersign/sdk'), { recursive: true });
    const into = ['-C', join(modules, '@countersign/sdk'), '--strip-components', '1'];
    await run('tar', ['xzf', join(folder, stdout.trim()), ...into]);
    readme = await readFile(join(modules, '@countersign/sdk/README.md'), 'utf8');
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('depends on no more than it uses: nothing that evaluates or reckons', async () => {
    const file = join(folder, 'node_modules/@countersign/sdk/package.json');
    const { dependencies, engines } = JSON.parse(await readFile(file, 'utf8')) as {
      dependencies: Record<string, string>;
      engines: unknown;
    };
    expect(Object.keys(dependencies)).toEqual(Object.keys(INSTALLED));
    expect(engines).toEqual({ node: '>=22' });
  });

  it('is loaded where nothing else of the repository is', async () => {
    const program = `import('@countersign/sdk').then((sdk) => console.log(Object.keys(sdk).join()))`;
    const { stdout } = await run(process.execPath, ['-e', program], { cwd: folder });
    expect(stdout.trim()).toBe('Countersign,CountersignError,developmentToken,outcomes,subscribe');
  });

  it('has types that stand on their own, also for the examples', async () => {
    const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
    for (const [index, code] of examples.entries()) {
      await writeFile(join(folder, `example-${index}.mjs`), code);
    }
    await writeFile(join(folder, 'outsider.mts'), OUTSIDER);
    const compilerOptions = {
      ...{ strict: true, checkJs: true, noEmit: true, skipLibCheck: false },
      ...{ target: 'ES2022', module: 'NodeNext', types: ['node'] },
    };
    const config = { compilerOptions, include: ['*.mts', '*.mjs'] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    expect((await readdir(folder)).filter((name) => name.endsWith('.mjs'))).toHaveLength(3);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe('');
  }, 120_000);
});
