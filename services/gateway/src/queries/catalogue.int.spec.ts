import { newId } from '@countersign/kernel';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { HASH, NOW } from '../../test/rows.js';

const A = '1b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const definition = {
  name: 'demo',
  initial: 'open',
  states: [{ name: 'open' }, { name: 'done', final: 'completed' }],
  transitions: [{ event: 'finish', from: 'open', to: 'done' }],
};

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
});
afterAll(() => reading.stop());

describe('templates and incidents', () => {
  beforeAll(async () => {
    await reading.db.insertInto('definitions').values({ hash: HASH, definition }).execute();
  });

  it('show the latest version, or the one asked for', async () => {
    const version = (name: string, number: number) => ({
      name,
      version: number,
      title: `${name} ${number}`,
      description: '',
      definition_hash: HASH,
      status: 'PUBLISHED',
      language: 'cel',
      author: 'alice',
      published_by: 'bob',
      published_at: NOW,
      history: JSON.stringify([]) as never,
      revision: 0,
      created_at: NOW,
      updated_at: NOW,
    });
    await reading.db
      .insertInto('templates')
      .values([version('demo', 1), version('demo', 2), version('also', 1)])
      .execute();
    const items = await reading.itemsOf('/templates');
    expect(items.map(({ title }) => title)).toEqual(['also 1', 'demo 2']);
    expect((await reading.get('/templates/demo')).body).toMatchObject({ version: 2, definition });
    expect((await reading.get('/templates/demo?version=1')).body).toMatchObject({
      version: 1,
      definition,
    });
    for (const path of ['/templates/demo?version=3', '/templates/none']) {
      const { status, body } = await reading.get(path);
      expect([status, body.code]).toEqual([404, 'template.not-found']);
    }
  });

  it('come and go in the notations of others', async () => {
    const to = async (notation: string) =>
      (await reading.get(`/templates/demo/versions/2/${notation}`)).body;
    const from = async (notation: string, body: object) =>
      reading.gateway.ask('POST', `/api/v1/templates/from-${notation}`, { as: 'alice', body });
    const { text } = await to('mermaid');
    const mermaid = await from('mermaid', { text });
    expect([mermaid.status, mermaid.body]).toMatchObject([200, { definition }]);
    const { config } = await to('xstate');
    const xstate = await from('xstate', { config });
    expect([xstate.status, xstate.body]).toMatchObject([200, { definition, unmapped: [] }]);
    const broken = await from('mermaid', { text: 'flowchart TD' });
    expect([broken.status, broken.body.code]).toEqual([400, 'mermaid.malformed']);
    expect((await reading.get('/templates/none/versions/1/xstate')).status).toBe(404);
  });

  it('show incidents', async () => {
    await reading.db
      .insertInto('incidents')
      .values({
        incident_id: A,
        kind: 'dead-letter',
        status: 'OPEN',
        code: 'message.malformed',
        message: 'no JSON',
        workflow_id: A,
        business_key: null,
        trigger: 'cdm',
        source: { subject: 'trades.executed' },
        scope: null,
        created_at: NOW,
        last_failed_at: NOW,
        resolved_at: null,
        resolved_by: null,
        resolution: null,
      })
      .execute();
    expect(await reading.itemsOf('/incidents?status=open&kind=dead-letter')).toMatchObject([
      { incidentId: A, code: 'message.malformed', source: { subject: 'trades.executed' } },
    ]);
    expect(await reading.itemsOf('/incidents?status=resolved')).toEqual([]);
    expect(await reading.itemsOf(`/incidents?workflowId=${A}`)).toHaveLength(1);
    expect(await reading.itemsOf(`/incidents?workflowId=${newId()}`)).toEqual([]);
    expect(await reading.itemsOf('/incidents?kind=workflow')).toEqual([]);
    const { status, body } = await reading.get('/incidents?kind=workflows');
    expect([status, body.code]).toEqual([400, 'query.invalid']);
    expect(body.detail).toContain('"dead-letter"');
  });
});
