import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackRelease } from './nats-release.js';

let folder: string;
let mirror: Server;
const requested: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-release-'));
  mirror = createServer((request, response) => {
    requested.push(request.url ?? '');
    // Neither a real archive nor a checksum that fits anything.
    response.end('0000 another-file.tar.gz\n');
  });
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
  process.env['NATS_DOWNLOAD_BASE'] =
    `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/releases`;
});

afterEach(() => {
  requested.length = 0;
});

afterAll(() => {
  delete process.env['NATS_DOWNLOAD_BASE'];
  mirror.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('unpackRelease', () => {
  it('asks the configured mirror and unpacks nothing that fails its checksum', async () => {
    await expect(unpackRelease(folder)).rejects.toThrow(/checksum|SHA256SUMS/);
    expect(requested[0]).toMatch(/^\/releases\/v\d+\.\d+\.\d+\//);
    expect(readdirSync(folder)).toEqual([]);
  });
});
