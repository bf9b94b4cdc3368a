import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AddressInfo, connect } from 'node:net';

import { FakePlatform } from '../../test/fake-platform.js';
import { startGateway } from '../gateway.service-module.js';

const MIB = 1024 * 1024;

/** Sends a request over a real connection, all of it, and answers what comes back. */
function post(port: number, head: readonly string[], body: Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += data.toString()));
  socket.on('close', () => {
    resolve(answer);
  });
  socket.on('error', reject);
  const lines = ['POST /api/v1/dev/token HTTP/1.1', 'host: test', 'connection: close', ...head];
  socket.write(`${lines.join('\r\n')}\r\ncontent-type: application/json\r\n\r\n`);
  socket.write(body);
  return promise;
}

describe('the listening gateway', () => {
  let port: number;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const app = await startGateway(new FakePlatform(undefined).platform);
    const server = (app as NestFastifyApplication).getHttpServer();
    port = (server.address() as AddressInfo).port;
    stop = () => app.close();
  });
  afterAll(() => stop());

  it.each([2, 8])('answers a client that sends %d MiB', async (mebibytes) => {
    const size = mebibytes * MIB;
    const announced = [`content-length: ${size}`];
    const answer = await post(port, announced, Buffer.alloc(size, 0x61));
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*"request\.too-large"/s);
  });

  it('takes a body of just 1 MiB, and one in pieces', async () => {
    const head = '{"user":"';
    const fits = Buffer.from(`${head}${'a'.repeat(MIB - head.length - 2)}"}`);
    expect(await post(port, [`content-length: ${MIB}`], fits)).toMatch(/^HTTP\/1\.1 400 /);
    const pieces = Buffer.from('6\r\n{"user\r\n9\r\n":"alice"\r\n1\r\n}\r\n0\r\n\r\n');
    const answer = await post(port, ['transfer-encoding: chunked'], pieces);
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*"token"/s);
  });

  it('says in one sentence that its port is taken', async () => {
    const { platform } = new FakePlatform(undefined, { PORT: port });
    await expect(startGateway(platform)).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`);
  });
});
