import type { JsonObject } from '@countersign/kernel';
import { compileDefinition, parseDefinition } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { tradeApproval } from './trade-approval.js';

const definition = compileDefinition(parseDefinition(tradeApproval));
const trade = {
  tradeId: 'T-1',
  notional: 10_000_000,
  currency: 'EUR',
  desk: 'fx',
  counterparty: 'ACME',
};

/** The states that a trade goes through by itself, with every approval given; an approval as `level by whom`. */
function wayOf(change: JsonObject): string[] {
  const context = { ...trade, ...change };
  const way = [definition.definition.initial];
  for (;;) {
    const at = way.at(-1) ?? '';
    const next = definition.nextAutomatic(at, context);
    if (!next) return way;
    const { requiresApproval: policy } = next;
    if (policy) way.push(`${policy.level ?? ''} ${policy.approvers.join()}`);
    way.push(next.to);
  }
}

const DUAL = ['captured', 'pending_approval', 'DUAL group:trade-approvers', 'approved'];
const DESK_HEAD = ['pending_desk_head', 'SINGLE role:desk-head', 'desk_head_approved'];

describe('trade_approval', () => {
  it.each([
    {},
    { notional: '99999999.99' },
    { notional: 9_999_999_999, currency: 'JPY' },
    { notional: 9_000_000, notionalUsd: '6100000.00' },
    { notional: 0 },
    { restricted: false },
  ])('takes two approvers and nothing else for an ordinary trade: %j', (change) => {
    expect(wayOf(change)).toEqual([...DUAL, 'released']);
  });

  it.each([
    { notional: 100_000_000 },
    { notional: '499999999.99' },
    { notional: 12_300_000_000, currency: 'JPY' },
    { notional: 1, notionalUsd: 100_000_000 },
    { notional: 100_000_000, notionalUsd: '1' },
  ])('takes the head of a desk as well for a large one: %j', (change) => {
    expect(wayOf(change)).toEqual([...DUAL, ...DESK_HEAD, 'released']);
  });

  it('takes the risk committee as well for a very large one', () => {
    expect(wayOf({ notional: '500000000' })).toEqual([
      ...DUAL,
      ...DESK_HEAD,
      'pending_risk_committee',
      'COMMITTEE group:risk-committee',
      'committee_approved',
      'released',
    ]);
  });

  it('asks compliance first about a restricted one', () => {
    expect(wayOf({ restricted: true })).toEqual([
      'captured',
      'restricted_review',
      'SINGLE role:compliance-officer',
      'cleared',
      ...DUAL.slice(1),
      'released',
    ]);
  });

  it.each([{ notional: -1 }, { tradeId: '' }, { notional: '-0.01', restricted: true }])(
    'sends to repair what cannot be right: %j',
    (change) => {
      expect(wayOf(change)).toEqual(['captured', 'in_repair']);
    },
  );

  it('takes no silence for a yes', () => {
    const lapsing = definition.definition.states.flatMap(({ timeout }) => timeout?.to ?? []);
    expect(lapsing).not.toContain('released');
    expect(lapsing).not.toContain('approved');
    expect(lapsing).toContain('lapsed');
  });
});
