import { invalid } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';

import { compile, TestInstance } from '../../test/test-instance.js';
import type { Definitions } from '../definition/definitions.js';
import type { InstanceChanges } from './instance-changes.js';
import { InterventionsHandler } from './interventions.handler.js';
import type { Workflows } from './workflows.js';

const definition = {
  name: 'payment',
  initial: 'entered',
  states: [{ name: 'entered' }, { name: 'paid', final: 'completed' as const }],
  transitions: [{ event: 'pay', from: 'entered', to: 'paid' }],
};

describe('the preview of a migration', () => {
  it('says in its problems that overrides and mapping do not go with the other version', async () => {
    const overrides = { approvals: {} } as never;
    const instance = TestInstance.started(definition, {}, { overrides });
    const compiled = compile(definition);
    const definitions: Pick<Definitions, 'pin' | 'compiled'> = {
      pin: (_, version = 1, wanted) =>
        wanted
          ? Promise.reject(invalid('overrides.unsound', 'nobody approves there'))
          : Promise.resolve({ templateVersion: version, hash: 'b'.repeat(64), compiled }),
      compiled: () => Promise.resolve(compiled),
    };
    const workflows: Pick<Workflows, 'load'> = { load: () => Promise.resolve(instance.folded) };
    const handler = new InterventionsHandler(
      workflows as Workflows,
      definitions as Definitions,
      {} as InstanceChanges,
    );
    const { workflowId } = instance.state.identity;
    const preview = (states: Record<string, string>) =>
      handler.previewMigration({ workflowId, version: 2, states });
    expect(await preview({})).toMatchObject({
      problems: [expect.stringContaining('overrides')],
      to: { version: 2, state: 'entered' },
      approval: { level: 'SINGLE' },
    });
    const { problems } = await preview({ entred: 'paid', entered: 'payd' });
    expect(problems).toEqual([
      expect.stringContaining('overrides'),
      expect.stringContaining('entred'),
      expect.stringContaining('payd'),
    ]);
  });
});
