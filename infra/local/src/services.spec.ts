import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { waitUntilReady } from './services.js';

let server: Server;
afterEach(() => {
  server.close();
});

describe('waiting for the services', () => {
  it.each(['ok', 'null', '{"status":"ready"}', '{"status":"ready","instance":"other"}'])(
    'does not take %j from somebody else on the port for their answer',
    async (stranger) => {
      let body = stranger;
      server = createServer((_, response) => response.end(body)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const signal = new AbortController().signal;
      const ready = waitUntilReady(`http://127.0.0.1:${port}`, 'ours', signal).then(() => 'ready');
      expect(await Promise.race([ready, sleep(300, 'waiting')])).toBe('waiting');
      body = '{"status":"ready","instance":"ours"}';
      expect(await ready).toBe('ready');
    },
  );
});
