import type { WorkflowEvent } from '@countersign/contracts';
import { describe, expect, it } from '@jest/globals';

import type { ProjectedEvent } from './projection.js';
import { workflowTransitions } from './workflow-transitions.projection.js';

type Moved = Extract<WorkflowEvent, { type: 'workflow.transitioned' }>['data'];

/** Who is shown to have moved an instance, when alice's command, or that of the product for her, made it move. */
function moverOf(more: Partial<Moved>, metadata = { actor: 'alice' }) {
  const workflowId = '0e3f6f0a-1b2c-5d3e-8f40-123456789abc';
  const data = { workflowId, template: 'review', sequence: 1, from: 'a', to: 'b', event: 'go' };
  const event = { type: 'workflow.transitioned', data: { ...data, ...more } };
  const stored = { ...event, metadata: { ...metadata, recordedAt: '2026-01-02T03:04:05.678Z' } };
  const projected = { event, stored } as unknown as ProjectedEvent;
  const row = workflowTransitions.project?.(projected, undefined);
  return [row?.actor, row?.on_behalf_of];
}

describe('the mover of an instance', () => {
  const forAlice = { actor: 'system:workflow', onBehalfOf: 'alice' };

  it('is who sent the signal that was taken, not who had it looked at', () => {
    expect(moverOf({ trigger: 'signal', requester: 'dave' })).toEqual(['dave', null]);
    expect(moverOf({ trigger: 'signal', requester: 'dave' }, forAlice)).toEqual(['dave', null]);
    expect(moverOf({ trigger: 'signal', requester: 'system:workflow' }, forAlice)).toEqual([
      'system:workflow',
      'alice',
    ]);
  });

  it('is otherwise whose command it was', () => {
    expect(moverOf({ trigger: 'manual', requester: 'alice' })).toEqual(['alice', null]);
    expect(moverOf({ trigger: 'automatic' }, forAlice)).toEqual(['system:workflow', 'alice']);
    const approvalId = '11111111-0000-4000-8000-000000000001';
    expect(moverOf({ trigger: 'signal', requester: 'dave', approvalId }, forAlice)).toEqual([
      'system:workflow',
      'alice',
    ]);
  });
});
