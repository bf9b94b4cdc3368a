import type { WorkflowDefinitionInput } from '@countersign/state-machine';

/** Amounts from which more people sign. */
const DESK_HEAD_FROM = 100_000_000;
const COMMITTEE_FROM = 500_000_000;

/** Currencies with so small a unit that the limits are a hundred times as many of them. */
const SMALL_UNITS = '["JPY", "KRW", "IDR", "VND", "CLP", "COP", "HUF"]';

/** Whether an amount, paid or received, is at or above a limit. */
const isLarge = (amount: string, limit: number): string =>
  `(decimal(${amount}) >= decimal(${limit}) || decimal(${amount}) <= decimal(-${limit}))`;

/**
 * Whether a trade is at or above a limit in units of its currency. A conversion to US dollars that the desk sends
 * can only make it a large one: whoever starts the workflow gives both.
 */
const atLeast = (limit: number): string =>
  `((has(context.notionalUsd) && ${isLarge('context.notionalUsd', limit)})
    || (context.currency in ${SMALL_UNITS}
      ? ${isLarge('context.notional', limit * 100)}
      : ${isLarge('context.notional', limit)}))`;

/** What a trade is: an approval of one says nothing about another. */
const ECONOMICS = ['tradeId', 'notional', 'notionalUsd', 'currency', 'counterparty'].map(
  (field) => `/context/${field}`,
);

const valid = 'decimal(context.notional) >= decimal(0) && context.tradeId != ""';
const restricted = '(has(context.restricted) && context.restricted == true)';

/**
 * A captured trade is validated, countersigned by two people and released to the back office. A trade with
 * a restricted counterparty or instrument goes by compliance first; a large one takes the head of a desk
 * besides, a very large one the risk committee after that. A trade that fails validation goes to repair,
 * from where it is sent again or abandoned. Whoever does not answer is reminded, then joined by more senior people, then
 * escalated past, never taken for a yes.
 */
export const tradeApproval: WorkflowDefinitionInput = {
  name: 'trade_approval',
  title: 'Trade approval',
  description:
    'Validates a captured trade, has two people other than its requester approve it, large ones a desk head and the risk committee as well, and releases it.',
  initial: 'captured',
  contextSchema: [
    {
      name: 'tradeId',
      type: 'string',
      required: true,
      indexed: true,
      description: 'Identifier of the trade',
    },
    { name: 'notional', type: 'decimal', required: true, description: 'In units of currency' },
    {
      name: 'currency',
      type: 'string',
      required: true,
      indexed: true,
      description: 'ISO 4217, or a unit',
    },
    {
      name: 'desk',
      type: 'string',
      required: true,
      indexed: true,
      description: 'Desk that owns the trade',
    },
    {
      name: 'counterparty',
      type: 'string',
      required: true,
      indexed: true,
      description: 'Who is on the other side',
    },
    {
      name: 'notionalUsd',
      type: 'decimal',
      description: 'The notional in US dollars, for comparison with the limits',
    },
    {
      name: 'restricted',
      type: 'boolean',
      indexed: true,
      description: 'Whether counterparty or instrument is on the restricted list',
    },
  ],
  states: [
    { name: 'captured', description: 'Taken in from the trading system' },
    {
      name: 'in_repair',
      description: 'Failed validation; somebody has to look at it',
      timeout: { after: 'P5D', to: 'abandoned' },
    },
    {
      name: 'restricted_review',
      description: 'On the restricted list: waits for compliance',
      timeout: { after: 'PT4H', to: 'restricted_escalated' },
    },
    {
      name: 'restricted_escalated',
      description: 'Compliance did not answer: waits for its committee',
      timeout: { after: 'P1D', to: 'lapsed' },
    },
    {
      name: 'pending_approval',
      description: 'Waits for two approvers',
      timeout: { after: 'P1D', to: 'approval_escalated' },
    },
    {
      name: 'approval_escalated',
      description: 'Nobody approved within a day: waits for two heads of desks',
      timeout: { after: 'P1D', to: 'lapsed' },
    },
    { name: 'cleared', description: 'Compliance has nothing against it' },
    { name: 'approved', description: 'Countersigned' },
    {
      name: 'pending_desk_head',
      description: 'Large: waits for the head of a desk',
      timeout: { after: 'PT8H', to: 'pending_risk_committee' },
    },
    { name: 'desk_head_approved', description: 'Approved by the head of a desk' },
    {
      name: 'pending_risk_committee',
      description:
        'Above the limit, or a head of desk did not answer: waits for the risk committee',
      timeout: { after: 'P2D', to: 'lapsed' },
    },
    { name: 'committee_approved', description: 'Approved by the risk committee' },
    { name: 'released', description: 'Handed to the back office', final: 'completed' },
    { name: 'rejected', description: 'Turned down', final: 'completed' },
    { name: 'lapsed', description: 'Not decided in time', final: 'failed' },
    { name: 'abandoned', description: 'Given up in repair', final: 'cancelled' },
  ],
  transitions: [
    {
      event: 'send_to_repair',
      from: 'captured',
      to: 'in_repair',
      trigger: 'automatic',
      condition: `!(${valid})`,
    },
    {
      event: 'refer_restricted',
      from: 'captured',
      to: 'restricted_review',
      trigger: 'automatic',
      condition: `${valid} && ${restricted}`,
    },
    {
      event: 'validate',
      from: 'captured',
      to: 'pending_approval',
      trigger: 'automatic',
      condition: `${valid} && !${restricted}`,
    },
    {
      event: 'correct',
      from: 'in_repair',
      to: 'captured',
      description: 'Sends the trade again with the notional corrected',
      condition: 'has(input.notional) && decimal(input.notional) >= decimal(0)',
      action: { type: 'assign', values: { notional: 'input.notional' } },
    },
    {
      event: 'accept_as_is',
      from: 'in_repair',
      to: 'pending_approval',
      description: 'The trade is right although validation doubts it',
      condition: `!${restricted}`,
    },
    { event: 'abandon', from: 'in_repair', to: 'abandoned' },
    {
      event: 'clear_restricted',
      from: 'restricted_review',
      to: 'cleared',
      trigger: 'automatic',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:compliance-officer'],
        reminders: ['PT1H', 'PT3H'],
        onRejected: 'rejected',
      },
    },
    {
      event: 'clear_restricted_by_committee',
      from: 'restricted_escalated',
      to: 'cleared',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: 2,
        approvers: ['group:compliance-committee'],
        abstain: true,
        reminders: ['PT8H'],
        onRejected: 'rejected',
      },
    },
    { event: 'ask_approvers', from: 'cleared', to: 'pending_approval', trigger: 'automatic' },
    {
      event: 'approve',
      from: 'pending_approval',
      to: 'approved',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['group:trade-approvers'],
        reminders: ['PT4H'],
        escalation: [{ after: 'PT8H', approvers: ['role:desk-head'] }],
        material: ECONOMICS,
        onRejected: 'rejected',
      },
    },
    {
      event: 'approve_escalated',
      from: 'approval_escalated',
      to: 'approved',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:desk-head'],
        reminders: ['PT8H'],
        material: ECONOMICS,
        breakGlass: ['role:chief-risk-officer'],
        onRejected: 'rejected',
      },
    },
    {
      event: 'refer_to_desk_head',
      from: 'approved',
      to: 'pending_desk_head',
      trigger: 'automatic',
      condition: atLeast(DESK_HEAD_FROM),
    },
    {
      event: 'release',
      from: 'approved',
      to: 'released',
      trigger: 'automatic',
      condition: `!${atLeast(DESK_HEAD_FROM)}`,
    },
    {
      event: 'approve_large',
      from: 'pending_desk_head',
      to: 'desk_head_approved',
      trigger: 'automatic',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:desk-head'],
        reminders: ['PT4H'],
        material: ECONOMICS,
        onRejected: 'rejected',
      },
    },
    {
      event: 'refer_to_committee',
      from: 'desk_head_approved',
      to: 'pending_risk_committee',
      trigger: 'automatic',
      condition: atLeast(COMMITTEE_FROM),
    },
    {
      event: 'release_large',
      from: 'desk_head_approved',
      to: 'released',
      trigger: 'automatic',
      condition: `!${atLeast(COMMITTEE_FROM)}`,
    },
    {
      event: 'approve_by_committee',
      from: 'pending_risk_committee',
      to: 'committee_approved',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: 3,
        approvers: ['group:risk-committee'],
        rejection: { count: 2 },
        abstain: true,
        reminders: ['P1D'],
        escalation: [{ after: 'PT36H', approvers: ['role:head-of-compliance'] }],
        material: ECONOMICS,
        auditRefusals: true,
        onRejected: 'rejected',
      },
    },
    {
      event: 'release_very_large',
      from: 'committee_approved',
      to: 'released',
      trigger: 'automatic',
    },
  ],
  protected: [{ state: 'released', level: 'DUAL' }],
};
