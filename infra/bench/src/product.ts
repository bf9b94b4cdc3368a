import { freePort, repositoryFolder, startNats, startPostgres } from '@countersign/servers';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The product on throw-away servers, as `npm start` runs it. */
export interface RunningProduct {
  readonly base: string;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly busKey: string;
  stop(): Promise<void>;
}

/** Starts it in a temporary folder (`BENCH_TMP` chooses the disk). */
export async function startProduct(): Promise<RunningProduct> {
  const folder = await mkdtemp(join(process.env['BENCH_TMP'] ?? tmpdir(), 'countersign-bench-'));
  const [postgres, nats, port] = await Promise.all([
    startPostgres({
      dataDir: join(folder, 'postgres'),
      port: await freePort(),
      exitWithParent: true,
    }),
    startNats({
      storeDir: join(folder, 'nats'),
      port: await freePort(),
      servicesPassword: randomBytes(16).toString('hex'),
      exitWithParent: true,
    }),
    freePort(),
  ]);
  const busKey = randomBytes(32).toString('hex');
  const services = spawn(
    process.execPath,
    [
      ...(process.env['PROFILE'] ? ['--cpu-prof', `--cpu-prof-dir=${process.env['PROFILE']}`] : []),
      join(repositoryFolder, 'infra/local/dist/services-main.js'),
    ],
    {
      env: {
        ...process.env,
        LOG_LEVEL: 'warn',
        PORT: String(port),
        NATS_URL: nats.url,
        DATABASE_URL: postgres.socketUrl,
        COUNTERSIGN_BUS_KEY: busKey,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const base = `http://127.0.0.1:${port}`;
  const ended = new Promise((resolve) => services.once('exit', resolve));
  for (;;) {
    if (services.exitCode !== null) throw new Error('the services ended');
    const ready = await fetch(`${base}/health/ready`).catch(() => undefined);
    if (ready?.ok) break;
    await sleep(50);
  }
  return {
    base,
    databaseUrl: postgres.url,
    natsUrl: nats.url,
    busKey,
    stop: async () => {
      services.kill('SIGTERM');
      await ended;
      await nats.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
