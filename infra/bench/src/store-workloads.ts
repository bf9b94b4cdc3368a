import { PostgresEventStore } from '@countersign/event-store';
import { type NewEvent, streamName } from '@countersign/kernel';
import { buildBeside } from '@countersign/projector';
import { randomUUID } from 'node:crypto';
import pg from 'pg';

import { closedLoop, levels, median, options, print } from './closed-loop.js';

/** An event of a usual size, about 700 bytes with its metadata. */
function sampleEvent(): NewEvent {
  const id = randomUUID();
  return {
    eventId: id,
    type: 'bench.happened',
    schemaVersion: 1,
    data: { workflowId: id, template: 'bench', note: 'x'.repeat(100) },
    metadata: {
      correlationId: id,
      causationId: id,
      commandId: id,
      commandHash: '0'.repeat(64),
      actor: 'bench',
      roles: '',
      authMethod: 'service',
      recordedAt: new Date().toISOString(),
      prevHash: '0'.repeat(64),
      hash: '0'.repeat(64),
    },
  };
}

/** Appends of one event to a new stream each, straight to the store, durable. */
export async function rawAppends(databaseUrl: string): Promise<void> {
  const store = await PostgresEventStore.open({ url: databaseUrl, schema: 'bench_store' });
  for (const concurrency of levels) {
    const figures = await closedLoop(concurrency, async () => {
      const stream = streamName('bench', randomUUID());
      const result = await store.append(stream, 'none', [sampleEvent()]);
      if (result.outcome !== 'appended') throw new Error(result.outcome);
    });
    print('append-1', concurrency, figures);
  }
  await store.close();
}

/** All read tables built anew from the first event, from whatever the other workloads left in the store. */
export async function projectorRebuild(databaseUrl: string): Promise<void> {
  const store = await PostgresEventStore.open({ url: databaseUrl });
  const rates: number[] = [];
  let events = 0;
  for (let run = 0; run < options.runs; run++) {
    const client = new pg.Client({
      connectionString: databaseUrl,
      options: '-c synchronous_commit=off',
    });
    await client.connect();
    await client.query('DROP SCHEMA IF EXISTS bench_rebuild CASCADE');
    const start = performance.now();
    events = 0;
    await buildBeside(store, client, 'bench_rebuild', undefined, (progress) => {
      events = progress.events;
    });
    rates.push(events / ((performance.now() - start) / 1_000));
    await client.query('DROP SCHEMA bench_rebuild CASCADE');
    await client.end();
  }
  await store.close();
  print('projector-rebuild', 1, {
    ops_per_s: Math.round(median(rates)),
    min: Math.round(Math.min(...rates)),
    max: Math.round(Math.max(...rates)),
    runs: rates.length,
    events,
  });
}
