import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ApiClient } from './src/api-client.js';
import { TestSystem } from './src/system.js';

interface Version {
  readonly name: string;
  readonly version: number;
  readonly status: string;
  readonly position: string;
  readonly definitionHash: string;
  readonly code: string;
  readonly findings: readonly { readonly code: string; readonly severity: string }[];
}

/** The event store may hold what earlier runs left: this run's templates are its own. */
const name = `desk-${randomUUID().slice(0, 8)}`;

const definition = (title: string, states: object[] = []) => ({
  name,
  title,
  initial: 'asked',
  states: [{ name: 'asked' }, { name: 'signed', final: 'completed' }, ...states],
  transitions: [
    {
      event: 'sign',
      from: 'asked',
      to: 'signed',
      requiresApproval: { level: 'DUAL', approvers: ['group:trade-approvers'] },
    },
  ],
});

describe('a desk’s own process', () => {
  let system: TestSystem;
  let alice: ApiClient;
  let bob: ApiClient;

  beforeAll(async () => {
    system = await TestSystem.start();
    [alice, bob] = [await system.as('alice'), await system.as('bob')];
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

  const refusal = ({ status, body }: { status: number; body: Version }) => [status, body.code];
  const start = (version?: number) =>
    alice.post<Version & { workflowId: string; state: string }>('/workflows', {
      template: name,
      ...(version === undefined ? {} : { version }),
      context: {},
    });
  const command = (who: ApiClient, version: number, action: string, body: object = {}) =>
    who.post<Version>(`/templates/${name}/versions/${version}/${action}`, body);

  it('is drafted with mistakes, which are named and keep it from being published', async () => {
    const unsound = definition('first', [{ name: 'nowhere' }]);
    const { status, body } = await alice.post<Version>('/templates/validate', {
      definition: unsound,
    });
    expect(status).toBe(200);
    expect(body.findings).toContainEqual(
      expect.objectContaining({ code: 'state.unreachable', severity: 'error', path: '/states/2' }),
    );
    const saved = await alice.post<Version>('/templates', { definition: unsound });
    expect([saved.status, saved.body]).toMatchObject([
      201,
      { name, version: 1, status: 'DRAFT', findings: { errors: 1 } },
    ]);
    expect((await command(alice, 1, 'submit')).body.status).toBe('IN_REVIEW');
    const refused = await command(bob, 1, 'publish');
    expect(refusal(refused)).toEqual([422, 'template.has-errors']);
    expect(refused.body.findings.map(({ code }) => code)).toContain('state.unreachable');
    expect(refusal(await start())).toEqual([422, 'template.not-published']);
    expect(refusal(await command(bob, 1, 'return', {}))).toEqual([400, 'request.invalid']);
    const returned = await command(bob, 1, 'return', { reason: 'nothing leads to nowhere' });
    expect(returned.body.status).toBe('DRAFT');
  });

  it('is published by a second person, and can be started from then on', async () => {
    const saved = await alice.post<Version>('/templates', { definition: definition('first') });
    expect(saved.body).toMatchObject({ version: 1, status: 'DRAFT', findings: { errors: 0 } });
    expect((await command(alice, 1, 'submit', { comment: 'please' })).status).toBe(202);
    expect(refusal(await command(alice, 1, 'publish'))).toEqual([
      422,
      'template.second-person-needed',
    ]);
    const blind = await command(bob, 1, 'publish');
    expect(refusal(blind)).toEqual([422, 'template.hash-needed']);
    const looked = await bob.get<Version>(`/templates/${name}/versions/1`, saved.body.position);
    const { definitionHash } = looked.body;
    expect(blind.body).toMatchObject({ definitionHash });
    const published = await command(bob, 1, 'publish', { definitionHash });
    expect(published.body).toMatchObject({ version: 1, status: 'PUBLISHED' });
    const { body } = await alice.get(`/templates/${name}`, published.body.position);
    expect(body).toMatchObject({
      status: 'PUBLISHED',
      author: 'alice',
      submittedBy: 'alice',
      publishedBy: 'bob',
      reviewers: ['bob'],
      findings: { errors: 0 },
    });
    const started = await start();
    expect([started.status, started.body.state]).toEqual([201, 'asked']);
  });

  it('has versions, of which the latest published one is started; a retired one is not', async () => {
    const [first] = [await start(1)];
    const saved = await bob.post<Version>('/templates', { definition: definition('second') });
    expect(saved.body.version).toBe(2);
    expect(refusal(await start(2))).toEqual([422, 'template.not-published']);
    await command(bob, 2, 'submit');
    await command(alice, 2, 'publish');
    const second = await start();
    const version = async (id: string, after: string) =>
      (await alice.get<{ templateVersion: number }>(`/workflows/${id}`, after)).body
        .templateVersion;
    expect(await version(second.body.workflowId, second.body.position)).toBe(2);

    const retired = await command(alice, 1, 'retire', { reason: 'superseded' });
    expect(retired.body.status).toBe('RETIRED');
    expect(refusal(await start(1))).toEqual([422, 'template.retired']);
    const going = await alice.post<{ approvalId: string }>(
      `/workflows/${first.body.workflowId}/transitions`,
      { event: 'sign' },
    );
    expect([going.status, typeof going.body.approvalId]).toEqual([202, 'string']);

    const { body: diff } = await alice.get<{ changes: object[] }>(
      `/templates/${name}/diff?from=1&to=2`,
      retired.body.position,
    );
    expect(diff.changes).toEqual([
      { kind: 'changed', what: 'definition', path: '/title', before: 'first', after: 'second' },
    ]);
  });

  it('goes to another installation as a file, and comes back as a draft', async () => {
    const { body: file, headers } = await alice.get<{ definition: { title: string } }>(
      `/templates/${name}/versions/2/export`,
    );
    expect(headers.get('content-disposition')).toBe(`attachment; filename="${name}-v2.json"`);
    const carol = await system.as('carol');
    const imported = await carol.post<Version>('/templates/import', file);
    expect([imported.status, imported.body]).toMatchObject([201, { version: 3, status: 'DRAFT' }]);
    const forged = { ...file, definition: { ...file.definition, title: 'third' } };
    const refused = await carol.post<Version>('/templates/import', forged);
    expect(refusal(refused)).toEqual([400, 'template-file.hash-mismatch']);
  });

  it('may have a thousand states, not ten thousand, of which nothing is saved', async () => {
    const large = (count: number) => ({
      name: `${name}-large-${count}`,
      initial: 's0',
      states: Array.from({ length: count }, (_, i) =>
        i === count - 1 ? { name: `s${i}`, final: 'completed' } : { name: `s${i}` },
      ),
      transitions: Array.from({ length: count - 1 }, (_, i) => ({
        event: 'go',
        from: `s${i}`,
        to: `s${i + 1}`,
      })),
    });
    const saved = await alice.post<Version>('/templates', { definition: large(1_000) });
    expect([saved.status, saved.body.findings]).toMatchObject([201, { errors: 0 }]);
    const refused = await alice.post<Version & { detail: string }>('/templates', {
      definition: large(10_000),
    });
    expect(refusal(refused)).toEqual([400, 'definition.too-large']);
    expect(refused.body.detail).toContain('states');
    const gone = await alice.get<Version>(`/templates/${name}-large-10000`, saved.body.position);
    expect(refusal(gone)).toEqual([404, 'template.not-found']);
  }, 30_000);
});

describe('an organisation of its own, from a file', () => {
  let folder: string;
  let system: TestSystem;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-directory-'));
    const path = join(folder, 'people.json');
    const people = ['alice', 'bob'].map((id) => ({ id, name: id, groups: ['trade-approvers'] }));
    await writeFile(path, JSON.stringify({ people }));
    system = await TestSystem.start({ COUNTERSIGN_DIRECTORY: path });
  }, 120_000);

  afterAll(async () => {
    await system.stop();
    await rm(folder, { recursive: true });
  }, 120_000);

  it('is what quorums are checked against, and not what the product starts on', async () => {
    const alice = await system.as('alice');
    const small = await alice.post<Version>('/templates/validate', {
      definition: definition('two of two'),
    });
    expect(small.body.findings.map(({ code }) => code)).toContain('approval.quorum-unreachable');
    const { status } = await alice.get('/templates/account_onboarding');
    expect(status).toBe(200);
  });
});
