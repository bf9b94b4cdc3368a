import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { FakePlatform } from '../../test/fake-platform.js';
import { startGateway } from '../gateway.service-module.js';

let app: NestFastifyApplication;
let socket: Socket;
let answer: Promise<string>;
/** The server's end of it. */
let accepted: Promise<Socket>;
beforeEach(async () => {
  app = (await startGateway(new FakePlatform(undefined).platform)) as NestFastifyApplication;
  const server = app.getHttpServer();
  accepted = once(server, 'connection').then(([other]) => other as Socket);
  const { port } = server.address() as AddressInfo;
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  socket = connect(port, '127.0.0.1');
  socket.on('data', (data) => (text += data.toString()));
  socket.on('close', () => {
    resolve(text);
  });
  // What was not read yet when the other side closed is no news.
  socket.on('error', () => undefined);
  answer = promise;
});
afterEach(() => app.close());

/** The problem document in an answer, which must be one. */
async function problem() {
  const text = await answer;
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const lines = head.toLowerCase();
  expect(lines).toContain('content-type: application/problem+json');
  expect(lines).toContain('cache-control: no-store');
  expect(lines).toContain('connection: close');
  expect(lines).toContain(`content-length: ${Buffer.byteLength(body)}`);
  const { status, code } = JSON.parse(body) as { status: number; code: string };
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  return [status, code];
}

describe('connections', () => {
  it('on which a request does not arrive in time are answered and closed', async () => {
    // What Node itself says after its timeout, for which a test need not wait.
    socket.write('POST /api/v1/workflows HTTP/1.1\r\nhost: a\r\n');
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    app.getHttpServer().emit('clientError', late, await accepted);
    expect(await problem()).toEqual([408, 'request.timeout']);
  });

  it.each<[string, string, number, string]>([
    ['nonsense', 'hello there\r\n\r\n', 400, 'request.malformed'],
    ['a header that is none', 'GET / HTTP/1.1\r\nno colon\r\n\r\n', 400, 'request.malformed'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'request.malformed',
    ],
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'request.headers-too-large',
    ],
  ])('with %s are answered and closed', async (_name, text, status, code) => {
    socket.write(text);
    expect(await problem()).toEqual([status, code]);
  });

  it.each(['authorization', 'AUTHORIZATION'])('with two tokens prove nothing: %s', async (name) => {
    const tokens = `authorization: Bearer a\r\n${name}: Bearer b\r\n`;
    socket.write(`GET /api/v1/workflows HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${tokens}\r\n`);
    expect(await problem()).toEqual([400, 'auth.token-repeated']);
  });

  it('that are open at the close are told so', async () => {
    socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\n');
    await sleep(100);
    const closed = app.close();
    await sleep(100);
    socket.write('\r\n');
    expect(await problem()).toEqual([503, 'gateway.stopping']);
    await closed;
  });
});
