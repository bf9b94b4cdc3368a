import { invalid } from '@countersign/kernel';
import { codeOfRejection, TestNats } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/nats-core';

import { BusSigner } from './bus-signer.js';
import { connectBus } from './bus.js';
import { request, respond } from './request-reply.js';

const signer = new BusSigner('ab'.repeat(32));
const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

describe('request and respond', () => {
  let nats: TestNats;
  let service: NatsConnection;
  let elsewhere: NatsConnection;

  beforeAll(async () => {
    nats = await TestNats.start();
    service = await connectBus(nats.url, 'service');
    elsewhere = await connectBus(nats.url, 'elsewhere');
  });

  afterAll(async () => {
    await service.close();
    await elsewhere.close();
    await nats.stop();
  });

  const serve = async (subject: string, handle: (payload: string) => Promise<unknown>) => {
    const stop = respond(service, signer, silent, subject, 'test', handle);
    await service.flush();
    return stop;
  };

  const callers = [
    ['in the same process', () => service],
    ['over NATS', () => elsewhere],
  ] as const;

  describe.each(callers)('%s', (where, caller) => {
    const subject = `cmd.test.${where.replaceAll(' ', '-')}`;

    it('answers what JSON can say', async () => {
      const stop = await serve(subject, (payload) =>
        Promise.resolve({ echo: payload, at: new Date(0), gone: undefined }),
      );
      const reply = await request(caller(), signer, subject, 'hello');
      expect(reply).toStrictEqual({ echo: 'hello', at: '1970-01-01T00:00:00.000Z' });
      await stop();
    });

    it('passes a refusal on, and hides any other failure', async () => {
      const stop = await serve(subject, (payload) =>
        Promise.reject(payload === 'a' ? invalid('test.refused', 'no') : new Error('secret')),
      );
      expect(await codeOfRejection(request(caller(), signer, subject, 'a'))).toBe('test.refused');
      const failure = request(caller(), signer, subject, 'b');
      await expect(failure).rejects.toThrow('the service failed');
      await stop();
    });

    it('gives up on a service that does not answer in time', async () => {
      let release: () => void = () => undefined;
      const stop = await serve(subject, () => new Promise<void>((resolve) => (release = resolve)));
      const code = await codeOfRejection(request(caller(), signer, subject, 'x', 50));
      expect(code).toBe('service.timeout');
      release();
      await stop();
    });

    it('finds nobody after the service has stopped, which waits for what is under way', async () => {
      let release: () => void = () => undefined;
      const stop = await serve(
        subject,
        () => new Promise((resolve) => (release = () => resolve('done'))),
      );
      const reply = request(caller(), signer, subject, 'x');
      await caller().flush();
      await elsewhere.flush();
      const stopped = stop();
      release();
      expect(await reply).toBe('done');
      await stopped;
      const code = await codeOfRejection(request(caller(), signer, subject, 'x'));
      expect(code).toBe('service.unreachable');
    });
  });

  it('refuses over NATS who has another key', async () => {
    const stop = await serve('cmd.test.signed', () => Promise.resolve('ok'));
    const stranger = new BusSigner('cd'.repeat(32));
    const code = await codeOfRejection(request(elsewhere, stranger, 'cmd.test.signed', 'x'));
    expect(code).toBe('bus.bad-signature');
    await stop();
  });
});
