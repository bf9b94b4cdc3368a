import { type RunningPostgres, startPostgres } from '@countersign/servers';
import { eventually, startOwnPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError, type NewEvent } from '@countersign/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

import { events, freshStream, idsOf, readToEnd } from '../contract/given.js';
import type { AppendResult, ExpectedRevision } from '../event-store.js';
import { PostgresEventStore } from './postgres-event-store.js';

describe('the store while its server fails', () => {
  let first: Awaited<ReturnType<typeof startOwnPostgres>>;
  let server: RunningPostgres;
  let store: PostgresEventStore;
  beforeAll(async () => {
    first = await startOwnPostgres();
    server = first;
    store = await PostgresEventStore.open({ url: first.url, statementTimeout: 2_000 });
  }, 120_000);
  afterAll(async () => {
    await store.close();
    await server.stop();
    await first.stop();
  });

  /** Repeats the very same append until its outcome is known. */
  async function appendUntilKnown(
    stream: string,
    expected: ExpectedRevision,
    batch: readonly NewEvent[],
  ): Promise<AppendResult> {
    for (;;) {
      try {
        return await store.append(stream, expected, batch);
      } catch (error) {
        if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
        await sleep(20);
      }
    }
  }

  it('loses no acknowledged event and stores none twice when the server is killed under load', async () => {
    const ended = new AbortController();
    const seen: string[] = [];
    const failures: unknown[] = [];
    const watched = await PostgresEventStore.open({
      url: first.url,
      onError: (error) => failures.push(error),
    });
    const follow = (async () => {
      for await (const page of watched.subscribeAll(undefined, {}, { signal: ended.signal })) {
        seen.push(...idsOf(page.events));
      }
    })();

    let writing = true;
    const written = new Map<string, string[]>();
    const writers = Array.from({ length: 16 }, async () => {
      const stream = freshStream();
      const ids: string[] = [];
      written.set(stream, ids);
      for (let last = -1; writing;) {
        const batch = events(2);
        const result = await appendUntilKnown(stream, last < 0 ? 'none' : last, batch);
        if (result.outcome === 'conflict') throw new Error(`lost its place in ${stream}`);
        ids.push(...idsOf(batch));
        last = result.revision;
      }
    });
    for (let kill = 0; kill < 3; kill++) {
      await sleep(700);
      process.kill(server.pid, 'SIGKILL');
      await sleep(200);
      server = await startPostgres({
        dataDir: first.dataDir,
        port: first.port,
        exitWithParent: true,
      });
    }
    await sleep(700);
    writing = false;
    await Promise.all(writers);

    for (const [stream, ids] of written) {
      expect(idsOf(await store.readStream(stream))).toEqual(ids);
    }
    const truth = idsOf(await readToEnd(store, undefined, {}, 1_000));
    expect(truth).toHaveLength([...written.values()].flat().length);
    await eventually(() => Promise.resolve(seen.length >= truth.length));
    expect(seen).toEqual(truth);
    expect(failures.length).toBeGreaterThan(0);
    ended.abort();
    await follow;
    await watched.close();
  }, 120_000);

  it('says that a frozen server is unavailable, and goes on when it thaws', async () => {
    const stream = freshStream();
    await store.append(stream, 'none', events(1));
    const client = new pg.Client({ connectionString: first.url });
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'countersign-event-store'`,
    );
    const frozen = [server.pid, ...rows.map(({ pid }) => pid)];
    const batch = events(1);
    try {
      for (const pid of frozen) process.kill(pid, 'SIGSTOP');
      const started = performance.now();
      const failure = { kind: 'unavailable', code: 'event-store.unavailable' };
      await expect(store.append(stream, 0, batch)).rejects.toMatchObject(failure);
      await expect(store.readStream(stream)).rejects.toMatchObject(failure);
      expect(performance.now() - started).toBeLessThan(10_000);
    } finally {
      for (const pid of frozen) process.kill(pid, 'SIGCONT');
    }
    await client.end();
    expect(await appendUntilKnown(stream, 0, batch)).toMatchObject({ revision: 1 });
    expect(await store.readStream(stream)).toHaveLength(2);
  });
});
