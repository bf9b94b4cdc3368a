import type { Actor } from '@countersign/kernel';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { approval, workflow } from '../../test/rows.js';
import { ReadView } from './read-view.js';
import type { Visibility } from './visibility.js';

const actor: Actor = { id: 'alice', roles: [], groups: [], authMethod: 'test' };

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
  const scopes = ['rates', 'credit', null];
  await reading.db
    .insertInto('workflow_instances')
    .values(scopes.map((scope) => workflow({ scope })))
    .execute();
  await reading.db
    .insertInto('approval_requests')
    .values(scopes.map((scope) => approval({ scope })))
    .execute();
});
afterAll(() => reading.stop());

describe('ReadView', () => {
  it.each<[Visibility, unknown[]]>([
    ['everything', ['credit', 'rates', null]],
    [['rates'], ['rates']],
    [
      ['rates', 'credit'],
      ['credit', 'rates'],
    ],
    [[], []],
  ])(
    'shows those who may see %j only that, whichever way it is asked',
    async (visibility, seen) => {
      const view = new ReadView(actor, visibility, reading.db, reading.pool);
      const workflows = await view.workflows().select('scope').orderBy('scope').execute();
      expect(workflows.map(({ scope }) => scope)).toEqual(seen);
      const approvals = await view.approvals().select('scope').orderBy('scope').execute();
      expect(approvals.map(({ scope }) => scope)).toEqual(seen);
      const byName = await view.run<{ scope: string | null }>(
        {
          name: 'test.scopes',
          text: `SELECT scope FROM workflow_instances
             WHERE $1 AND ($2::text[] IS NULL OR scope = ANY($2)) ORDER BY scope`,
        },
        true,
      );
      expect(byName.map(({ scope }) => scope)).toEqual(seen);
      expect(view.seesEverything).toBe(visibility === 'everything');
    },
  );
});
