import type { TemplateRow } from '@countersign/contracts';
import { hashOf } from '@countersign/kernel';
import { parseDefinition } from '@countersign/state-machine';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { NOW } from '../../test/rows.js';

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
  for (const title of ['one', 'two']) {
    const definition = definitionOf(title);
    await reading.db
      .insertInto('definitions')
      .values({ hash: hashOf(definition), definition })
      .execute();
  }
  await reading.db
    .insertInto('templates')
    .values([
      row(1, 'RETIRED', 'one'),
      row(2, 'PUBLISHED', 'one'),
      row(3, 'PUBLISHED', 'two'),
      row(4, 'IN_REVIEW', 'two', { author: 'bob', submitted_by: 'bob' }),
      row(5, 'DRAFT', 'one', { author: 'carol' }),
      row(6, 'DRAFT', 'one'),
      row(1, 'DRAFT', 'one', { name: 'other', author: 'carol' }),
    ])
    .execute();
});
afterAll(() => reading.stop());

const definitionOf = (title: string) =>
  parseDefinition({
    name: 'demo',
    title,
    initial: 'open',
    states: [{ name: 'open' }, { name: 'done', final: 'completed' }],
    transitions: [{ event: 'finish', from: 'open', to: 'done' }],
  });

function row(version: number, status: string, title: string, more: Partial<TemplateRow> = {}) {
  const published = ['PUBLISHED', 'RETIRED'].includes(status);
  const did = (action: string, by: string) => ({
    action,
    by,
    at: NOW.toISOString(),
    comment: null,
  });
  const history = [did('saved', 'alice'), ...(published ? [did('published', 'erin')] : [])];
  return {
    name: 'demo',
    version,
    status,
    title,
    description: null,
    definition_hash: hashOf(definitionOf(title)),
    language: 'cel',
    author: 'alice',
    submitted_by: null,
    published_by: published ? 'erin' : null,
    published_at: published ? NOW : null,
    findings: JSON.stringify({ errors: 0, warnings: 1, infos: 0 }) as never,
    imported_from: null,
    revision: 0,
    created_at: NOW,
    updated_at: NOW,
    ...more,
    history: JSON.stringify(history) as never,
  };
}

const listed = async (query: string, as?: string) =>
  (await reading.itemsOf(`/templates${query}`, as)).map(
    ({ name, version }) => `${String(name)} ${String(version)}`,
  );

describe('templates', () => {
  it('are listed with the latest published version of each', async () => {
    expect(await listed('')).toEqual(['demo 3']);
  });

  it('are listed by status and author, in any case and of oneself', async () => {
    expect(await listed('?status=draft')).toEqual(['demo 6', 'demo 5', 'other 1']);
    expect(await listed('?status=DRAFT&author=carol')).toEqual(['demo 5', 'other 1']);
    expect(await listed('?status=DRAFT&author=me', 'alice')).toEqual(['demo 6']);
    expect(await listed('?status=published')).toEqual(['demo 3', 'demo 2']);
    expect((await reading.get('/templates?status=open')).status).toBe(400);
  });

  it('are listed in pages that leave nothing out', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await reading.get(`/templates?status=draft&limit=1&cursor=${cursor}`);
      seen.push(
        ...(body.items as { name: string; version: number }[]).map(
          (item) => `${item.name} ${item.version}`,
        ),
      );
      cursor = (body.nextCursor as string | null) ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(['demo 6', 'demo 5', 'other 1']);
    expect((await reading.get('/templates?cursor=x')).body.code).toBe('query.bad-cursor');
  });

  it('show their versions, and one of them with who did what', async () => {
    const versions = await reading.itemsOf('/templates/demo/versions');
    expect(versions.map(({ version }) => version)).toEqual([6, 5, 4, 3, 2, 1]);
    const { body } = await reading.get('/templates/demo/versions/2');
    expect(body).toMatchObject({
      status: 'PUBLISHED',
      author: 'alice',
      reviewers: ['erin'],
      findings: { errors: 0, warnings: 1, infos: 0 },
      definition: { title: 'one' },
    });
  });

  it('of which none is published show the newest version', async () => {
    expect((await reading.get('/templates/other')).body).toMatchObject({ status: 'DRAFT' });
  });

  it.each([
    '/none',
    '/none/versions',
    '/demo/versions/7',
    '/demo/versions/x',
    '/demo/diff?from=1&to=9',
  ])('that are not there are not found: %s', async (path) => {
    const { status, body } = await reading.get(`/templates${path}`);
    expect([status, body.code]).toEqual([404, 'template.not-found']);
  });

  it('show what is different between versions', async () => {
    const { body } = await reading.get('/templates/demo/diff?from=2&to=3');
    expect(body.changes).toEqual([
      { kind: 'changed', what: 'definition', path: '/title', before: 'one', after: 'two' },
    ]);
    expect((await reading.get('/templates/demo/diff?from=2')).body.code).toBe('query.invalid');
  });

  it('are exported as files that can be imported', async () => {
    const { body: file, headers } = await reading.get('/templates/demo/versions/3/export');
    expect(headers['content-disposition']).toBe('attachment; filename="demo-v3.json"');
    expect(file.provenance).toMatchObject({ version: 3, author: 'alice', publishedBy: 'erin' });
    const { fake } = reading.gateway;
    fake.answer = () => ({
      name: 'demo',
      version: 7,
      status: 'DRAFT',
      definitionHash: hashOf(definitionOf('two')),
      findings: { errors: 0, warnings: 0, infos: 0 },
      position: '1',
    });
    await reading.gateway.ask('POST', '/api/v1/templates/import', { as: 'bob', body: file });
    expect(fake.sent.at(-1)).toMatchObject({
      subject: 'cmd.template.save-draft',
      body: { definition: definitionOf('two'), importedFrom: file.provenance },
      context: { actor: { id: 'bob' } },
    });
  });
});
