import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { identify } from './process-identity.js';
import { probeJetStream } from './nats-probe.js';
import { startNats, type RunningNats } from './nats.js';

let folder: string;
let nats: RunningNats;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
  nats = await startNats({
    port: await freePort(),
    storeDir: join(folder, 'jetstream'),
    servicesPassword: '12e4',
    exitWithParent: true,
  });
});

afterAll(async () => {
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Speaks the text protocol, so that the spec tests the server and no client. */
async function session(credentials: object, lines: string[]): Promise<string> {
  const socket: Socket = connect({ port: nats.port, host: '127.0.0.1' });
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString();
  });
  const all = [`CONNECT ${JSON.stringify({ verbose: false, ...credentials })}`, ...lines, 'PING'];
  socket.write(all.map((line) => `${line}\r\n`).join(''));
  while (!received.includes('PONG') && !received.includes('-ERR')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  socket.destroy();
  return received;
}

describe('startNats', () => {
  it('has JetStream up for the services', async () => {
    expect(await probeJetStream(nats.port, 'countersign', '12e4')).toBeUndefined();
    expect(nats.url).toBe(`nats://countersign:12e4@127.0.0.1:${nats.port}`);
  });

  it('refuses a wrong password', async () => {
    expect(await probeJetStream(nats.port, 'countersign', 'other')).toMatch(/Authorization/);
  });

  it('takes messages of 8 MiB', async () => {
    expect(await session({}, [])).toContain('"max_payload":8388608');
  });

  it.each([
    ['PUB trades.executed 2\r\n{}', true],
    ['PUB evt.approval.granted.0 2\r\n{}', false],
    ['PUB cmd.workflow.start 2\r\n{}', false],
    ['PUB $JS.API.STREAM.LIST 0\r\n', false],
    ['SUB evt.approval.granted.> 1', true],
    ['SUB _INBOX.mine.1 1', true],
    ['SUB cmd.> 1', false],
    ['SUB > 1', false],
    ['SUB trades.> 1', false],
  ])('without credentials: %j is allowed: %s', async (line, allowed) => {
    const answer = await session({}, [line]);
    expect(answer.includes('Permissions Violation')).toBe(!allowed);
  });

  it('keeps its configuration to the owner', () => {
    expect(statSync(join(folder, 'jetstream.conf')).mode & 0o777).toBe(0o600);
  });

  it('says in one sentence that the port is taken', async () => {
    const other = startNats({
      port: nats.port,
      storeDir: join(folder, 'other'),
      servicesPassword: 'x',
    });
    await expect(other).rejects.toThrow(/^[^\n]*address already in use[^\n]*$/);
  });

  it('stops without leaving a process', async () => {
    const own = await startNats({
      port: await freePort(),
      storeDir: join(folder, 'second'),
      servicesPassword: 'x',
    });
    await own.stop();
    expect(identify(own.pid)).toBeUndefined();
  });
});
