import { encodeEvent, type TemplateEvent } from '@countersign/contracts';
import { InMemoryEventStore } from '@countersign/event-store';
import { derivedId, hashOf, type NewEvent, streamName } from '@countersign/kernel';
import { parseDefinition } from '@countersign/state-machine';
import { startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { ReadTables } from './read-tables.js';

const AT = '2026-11-24T09:00:00.000Z';
const stream = streamName('template', derivedId('template', 'demo'));
const definitionOf = (title: string) =>
  parseDefinition({
    name: 'demo',
    title,
    initial: 'open',
    states: [{ name: 'open' }, { name: 'done', final: 'completed' }],
    transitions: [{ event: 'finish', from: 'open', to: 'done' }],
  });

const content = (version: number, title: string) => {
  const definition = definitionOf(title);
  const definitionHash = hashOf(definition);
  return { name: 'demo', version, definition, definitionHash, language: 'cel' };
};
const findings = { errors: 0, warnings: 1, infos: 0 };
const of = { name: 'demo', version: 2 };
const saved = (title: string, author: string): [string, TemplateEvent] => [
  author,
  { type: 'template.draft-saved', data: { ...content(2, title), author, findings } },
];

/** Who did what, in their order. */
const history: readonly [string, TemplateEvent][] = [
  ['system:template', { type: 'template.version-published', data: content(1, 'one') }],
  saved('two', 'alice'),
  saved('three', 'alice'),
  [
    'bob',
    {
      type: 'template.version-submitted',
      data: { ...of, definitionHash: hashOf(definitionOf('three')), submittedBy: 'bob' },
    },
  ],
  [
    'erin',
    { type: 'template.version-returned', data: { ...of, returnedBy: 'erin', reason: 'no' } },
  ],
  saved('four', 'alice'),
  [
    'alice',
    {
      type: 'template.version-submitted',
      data: { ...of, definitionHash: hashOf(definitionOf('four')), submittedBy: 'alice' },
    },
  ],
  [
    'erin',
    { type: 'template.version-published', data: { ...content(2, 'four'), comment: 'good' } },
  ],
  [
    'frank',
    { type: 'template.version-retired', data: { name: 'demo', version: 1, retiredBy: 'frank' } },
  ],
];

function sealed([actor, event]: [string, TemplateEvent], index: number): NewEvent {
  const id = derivedId('event', index);
  const hash = hashOf(index);
  const metadata = {
    ...{ correlationId: id, causationId: id, commandId: id, commandHash: hash },
    ...{ actor, roles: '', authMethod: 'test', recordedAt: AT, prevHash: hash, hash },
  };
  return { ...encodeEvent(event), eventId: id, metadata };
}

describe('the versions of a template', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await startTestPostgres();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.stop();
  });

  // One at a time, each read back from the tables; and all at once.
  it.each([1, history.length])('follow from its events, %d at a time', async (size) => {
    const store = new InMemoryEventStore();
    await store.append(stream, 'none', history.map(sealed));
    const schema = `by_${size}`;
    for (let done = 0; done < history.length; done += size) {
      const tables = await ReadTables.open(client, schema);
      const { events } = await store.readAll(tables.position, {}, size);
      expect([...(await tables.apply(events, events.at(-1)?.position ?? ''))]).toEqual([]);
    }
    await store.close();
    const { rows } = await client.query(`SELECT * FROM ${schema}.templates ORDER BY version`);
    const line = (action: string, by: string, comment: string | null = null) => ({
      ...{ action, by, at: AT, comment },
    });
    expect(rows).toMatchObject([
      {
        version: 1,
        status: 'RETIRED',
        author: 'system:template',
        published_by: 'system:template',
        findings: null,
        history: [line('published', 'system:template'), line('retired', 'frank')],
      },
      {
        version: 2,
        status: 'PUBLISHED',
        title: 'four',
        author: 'alice',
        submitted_by: 'alice',
        published_by: 'erin',
        published_at: new Date(AT),
        findings,
        history: [
          line('saved', 'alice'),
          line('submitted', 'bob'),
          line('returned', 'erin', 'no'),
          line('saved', 'alice'),
          line('submitted', 'alice'),
          line('published', 'erin', 'good'),
        ],
      },
    ]);
    const definitions = await client.query(`SELECT hash FROM ${schema}.definitions`);
    expect(definitions.rowCount).toBe(4);
  });
});
