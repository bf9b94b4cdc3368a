/**
 * A captured trade is validated, countersigned by two people, and released to the back office. A
 * trade that fails validation goes to repair, from where it is sent again or abandoned.
 */
export const tradeApproval = {
  name: 'trade_approval',
  title: 'Trade approval',
  description:
    'Validates a captured trade, has two people other than its requester approve it, and releases it.',
  initial: 'captured',
  contextSchema: [
    { name: 'tradeId', type: 'string', required: true, description: 'Identifier of the trade' },
    { name: 'notional', type: 'decimal', required: true, description: 'In units of currency' },
    { name: 'currency', type: 'string', required: true, description: 'ISO 4217, or a unit' },
    { name: 'desk', type: 'string', required: true, description: 'Desk that owns the trade' },
    {
      name: 'counterparty',
      type: 'string',
      required: true,
      description: 'Who is on the other side',
    },
  ],
  states: [
    { name: 'captured', description: 'Taken in from the trading system' },
    { name: 'in_repair', description: 'Failed validation; somebody has to look at it' },
    { name: 'pending_approval', description: 'Waits for two approvers' },
    { name: 'approved', description: 'Countersigned' },
    { name: 'released', description: 'Handed to the back office', final: 'completed' },
    { name: 'rejected', description: 'Turned down', final: 'completed' },
    { name: 'abandoned', description: 'Given up in repair', final: 'cancelled' },
  ],
  transitions: [
    {
      event: 'validate',
      from: 'captured',
      to: 'pending_approval',
      trigger: 'automatic',
      condition: 'decimal(context.notional) >= decimal(0) && context.tradeId != ""',
    },
    {
      event: 'send_to_repair',
      from: 'captured',
      to: 'in_repair',
      trigger: 'automatic',
      condition: '!(decimal(context.notional) >= decimal(0) && context.tradeId != "")',
    },
    {
      event: 'accept_as_is',
      from: 'in_repair',
      to: 'pending_approval',
      description: 'The trade is right although validation doubts it',
    },
    { event: 'abandon', from: 'in_repair', to: 'abandoned' },
    {
      event: 'approve',
      from: 'pending_approval',
      to: 'approved',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['group:trade-approvers'],
        onRejected: 'rejected',
      },
    },
    { event: 'release', from: 'approved', to: 'released', trigger: 'automatic' },
  ],
};
