import { invalid } from '@countersign/kernel';
import type { DirectoryReader } from '@countersign/service-kit';
import { Organisation } from '@countersign/state-machine';
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
      {} as DirectoryReader,
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

  it('says that in the directory as it is nobody could meet the overrides', async () => {
    const approvers = ['alice', 'bob'];
    const requiresApproval = { level: 'DUAL' as const, approvers };
    const compiled = compile({
      ...definition,
      transitions: [{ event: 'pay', from: 'entered', to: 'paid', requiresApproval }],
    });
    const overrides = { approvals: { pay: { level: 'DUAL' as const } } };
    const instance = TestInstance.started(definition, {}, { overrides });
    const person = (id: string) => ({ id, name: id, roles: [], groups: [], active: true });
    const preview = (...present: string[]) => {
      const organisation = new Organisation({ people: present.map(person) });
      const pinned = { templateVersion: 2, hash: 'b'.repeat(64), compiled };
      const handler = new InterventionsHandler(
        { load: () => Promise.resolve(instance.folded) } as unknown as Workflows,
        {
          pin: () => Promise.resolve(pinned),
          compiled: () => Promise.resolve(compile(definition)),
        } as unknown as Definitions,
        {} as InstanceChanges,
        { load: () => Promise.resolve(organisation) } as unknown as DirectoryReader,
      );
      const { workflowId } = instance.state.identity;
      return handler.previewMigration({ workflowId, version: 2, states: {} });
    };
    expect((await preview('bob', 'carol')).problems).toEqual([
      expect.stringContaining('its overrides do not hold in that version'),
    ]);
    const [starter] = instance.state.editors;
    expect(starter).toBe('alice');
    expect((await preview('alice', 'bob')).problems).toHaveLength(1);
  });
});
