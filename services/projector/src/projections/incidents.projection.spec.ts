import type { DomainEvent, IncidentEvent } from '@countersign/contracts';
import { GENESIS_HASH } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';

import { incidents } from './incidents.projection.js';
import type { ProjectedEvent, RowOf } from './projection.js';
import { triggerFirings } from './trigger-firings.projection.js';

const incidentId = '0e3f6f0a-1b2c-5d3e-8f40-123456789abc';
const at = (minute: number) => `2026-01-02T03:0${minute}:00.000Z`;

const projected = (event: DomainEvent, minute: number): ProjectedEvent => {
  const metadata = { actor: 'alice', recordedAt: at(minute) };
  const stored = { ...event, stream: `incident-${incidentId}`, revision: minute, metadata };
  return { event, stored: { ...stored, hash: GENESIS_HASH } } as unknown as ProjectedEvent;
};

const common = { incidentId, code: 'x', message: 'no' };
const ofWorkflow = { ...common, workflowId: incidentId, template: 'review', state: 'open' };
const ofMessage = {
  ...common,
  kind: 'trigger',
  source: { schedule: at(0), sequence: 1, previous: at(0) },
} as const;

describe('an incident', () => {
  it.each<[string, (minute: number) => DomainEvent, DomainEvent]>([
    [
      'workflow',
      (minute) => ({
        type: 'workflow.incident-raised',
        data: { ...ofWorkflow, raisedAt: at(minute) },
      }),
      { type: 'workflow.incident-resolved', data: { ...ofWorkflow, raisedAt: at(1) } },
    ],
    [
      'trigger',
      (minute): IncidentEvent => ({
        type: 'incident.raised',
        data: { ...ofMessage, raisedAt: at(minute) },
      }),
      {
        type: 'incident.resolved',
        data: { ...ofMessage, raisedAt: at(1), resolution: 'retried', outcomes: [] },
      },
    ],
    [
      'approval',
      () => ({
        type: 'approval.incident-raised',
        data: { approvalId: incidentId, code: 'x', message: 'no' },
      }),
      {
        type: 'approval.incident-resolved',
        data: { approvalId: incidentId, code: 'x', resolution: 'reachable' },
      },
    ],
  ])('of a %s is as old as it was when it comes back', (_, raised, resolved) => {
    const events = [projected(raised(1), 1), projected(resolved, 2), projected(raised(3), 3)];
    const rows: (RowOf<'incidents'> | undefined)[] = [];
    for (const event of events) {
      expect(incidents.keysOfStored?.(event.stored)).toEqual([incidents.keyOf?.(event)]);
      rows.push(incidents.project?.(event, rows.at(-1)));
    }
    expect(rows.map((row) => [row?.status, row?.created_at, row?.last_failed_at])).toEqual([
      ['OPEN', at(1), at(1)],
      ['RESOLVED', at(1), at(1)],
      ['OPEN', at(1), at(3)],
    ]);
  });
});

describe('a firing that has started a workflow', () => {
  it('tells the subject of its message', () => {
    const trigger = { name: 'exposure', messageId: 'TRADES:1:2', subject: 'trades.executed' };
    const started: DomainEvent = {
      type: 'workflow.started',
      data: {
        workflowId: incidentId,
        template: 'review',
        templateVersion: 1,
        definitionHash: 'a'.repeat(64),
        state: 'open',
        context: {},
        draft: false,
        startedBy: 'system:trigger',
        trigger,
      },
    };
    const row = triggerFirings.project?.(projected(started, 1), undefined);
    expect(row).toMatchObject({ outcome: 'started', subject: 'trades.executed' });
  });
});
