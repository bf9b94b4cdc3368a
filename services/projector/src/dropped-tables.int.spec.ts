import { InMemoryEventStore } from '@countersign/event-store';
import type { Log } from '@countersign/service-kit';
import { eventually, startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/nats-core';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

import { approvalStream, requested, sealed, vote } from '../test/approval-events.js';
import { Projector } from './projector.js';
import { readTableNames } from './shape.js';

describe('read tables that somebody drops while nothing happens', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let store: InMemoryEventStore;
  let projector: Projector;

  beforeEach(async () => {
    database = await startTestPostgres();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    store = new InMemoryEventStore();
    await store.append(approvalStream, 'none', [requested, vote('bob'), vote('carol')].map(sealed));
    const bus = { publish: () => undefined } as unknown as NatsConnection;
    const quiet = { info: () => undefined, warn: () => undefined } as unknown as Log;
    projector = new Projector(store, database.url, bus, quiet);
    projector.start();
    await areFilled();
  });

  afterEach(async () => {
    await projector.stop();
    await client.end();
    await store.close();
    await database.stop();
  });

  const areFilled = () =>
    eventually(
      async () => {
        const approvals = await client.query('SELECT voters FROM approval_requests');
        const decisions = await client.query('SELECT approver FROM approval_decisions ORDER BY 1');
        const checkpoint = await client.query('SELECT position FROM projection_checkpoint');
        expect(checkpoint.rows).toEqual([{ position: '3' }]);
        expect(approvals.rows).toEqual([{ voters: ['bob', 'carol'] }]);
        expect(decisions.rows).toEqual([{ approver: 'bob' }, { approver: 'carol' }]);
        return true;
      },
      { within: 5_000 },
    );

  it.each([
    ['all', readTableNames],
    ['all but the checkpoint', readTableNames.slice(0, -1)],
    ['one', ['approval_decisions']],
    ['the checkpoint', ['projection_checkpoint']],
  ])('are there again soon, and right: %s', async (_, names) => {
    await client.query(`DROP TABLE ${names.join(', ')}`);
    await areFilled();
  });

  it('are left alone as long as they are there', async () => {
    const oid = async () => {
      const { rows } = await client.query<object>(`SELECT 'approval_requests'::regclass::oid`);
      return rows;
    };
    const before = await oid();
    await sleep(2_500);
    await store.append(approvalStream, 2, [vote('dave')].map(sealed));
    await eventually(async () => {
      const { rows } = await client.query('SELECT voters FROM approval_requests');
      expect(rows).toEqual([{ voters: ['bob', 'carol', 'dave'] }]);
      return true;
    });
    expect(await oid()).toEqual(before);
  });
});
