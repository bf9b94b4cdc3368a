import type { DirectoryReader, Log } from '@countersign/service-kit';
import { Organisation } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { compile, TestInstance } from '../../test/test-instance.js';
import type { Definitions } from '../definition/definitions.js';
import type { InstanceChanges } from '../workflow/instance-changes.js';
import type { Workflows } from '../workflow/workflows.js';
import { BulkItems } from './bulk-items.js';
import type { ExistingBulkJob } from './domain/state.js';

const requiresApproval = { level: 'DUAL' as const, approvers: ['alice', 'bob', 'carol'] };
const definition = {
  name: 'payment',
  initial: 'entered',
  states: [{ name: 'entered' }, { name: 'paid', final: 'completed' as const }],
  transitions: [{ event: 'pay', from: 'entered', to: 'paid', requiresApproval }],
};

describe('an instance with overrides that a bulk job migrates', () => {
  it('is refused when nobody in the directory as it is could meet them', async () => {
    const overrides = { approvals: { pay: { level: 'DUAL' as const } } };
    const instance = TestInstance.started(definition, {}, { overrides });
    const target = { templateVersion: 2, hash: 'b'.repeat(64), compiled: compile(definition) };
    const job = {
      kind: 'existing',
      jobId: '0e3f6f0a-1b2c-5d3e-8f40-123456789abc',
      action: 'migrate',
      query: {},
      reason: 'a better way',
      requestedBy: 'heidi',
      migration: { templateVersion: 2, states: {} },
      approval: {
        approvalId: '1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef',
        policy: { level: 'DUAL', approvers: ['group:workflow-admins'] },
        approvers: ['ivan', 'judy'],
      },
    } as unknown as ExistingBulkJob;
    const change = (...present: string[]) => {
      const person = (id: string) => ({ id, name: id, roles: [], groups: [], active: true });
      const organisation = new Organisation({ people: present.map(person) });
      const items = new BulkItems(
        {
          change: (_: string, _context: unknown, decide: (...all: unknown[]) => Promise<unknown>) =>
            decide(instance.folded, compile(definition), { now: new Date(), requester: 'heidi' }),
        } as unknown as InstanceChanges,
        {} as Workflows,
        { overridden: () => Promise.resolve(target) } as unknown as Definitions,
        { load: () => Promise.resolve(organisation) } as unknown as DirectoryReader,
        { error: () => undefined, debug: () => undefined } as unknown as Log,
      );
      const { workflowId } = instance.state.identity;
      return items.change(job, workflowId, target, new AbortController().signal);
    };
    const refused = { result: 'refused', code: 'bulk-job.overrides-do-not-hold' };
    expect(await change('alice', 'bob')).toMatchObject(refused);
    expect(await change('alice', 'bob', 'carol')).toMatchObject({ result: 'done' });
  });
});
