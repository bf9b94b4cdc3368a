/**
 * A client's documents, sanctions screening and credit limit are settled in this order; a politically
 * exposed or high-risk client needs an enhanced review before the account opens.
 */
export const accountOnboarding = {
  name: 'account_onboarding',
  title: 'Account onboarding',
  description:
    'Documents, screening and credit in the right order before an account opens, with an enhanced review for high risk.',
  initial: 'application',
  contextSchema: [
    { name: 'clientId', type: 'string', required: true, description: 'Identifier of the client' },
    { name: 'clientName', type: 'string', required: true, description: 'Name of the client' },
    { name: 'riskRating', type: 'string', required: true, description: 'low, medium or high' },
    { name: 'desk', type: 'string', required: false, description: 'Desk that brings the client' },
  ],
  states: [
    { name: 'application', description: 'Documents are being collected' },
    { name: 'screening', description: 'Identity, sanctions and adverse media' },
    { name: 'enhanced_review', description: 'Enhanced due diligence' },
    { name: 'credit_review', description: 'A credit limit is being set' },
    { name: 'pending_opening', description: 'Waits for the last two signatures' },
    { name: 'open', description: 'The account is open', final: 'completed' },
    { name: 'declined', description: 'The client was declined', final: 'completed' },
  ],
  transitions: [
    { event: 'documents_complete', from: 'application', to: 'screening' },
    { event: 'decline_application', from: 'application', to: 'declined' },
    {
      event: 'clear_screening',
      from: 'screening',
      to: 'credit_review',
      condition: 'context.riskRating in ["low", "medium"]',
      roles: ['compliance-officer', 'operations'],
    },
    {
      event: 'refer',
      from: 'screening',
      to: 'enhanced_review',
      roles: ['compliance-officer', 'operations'],
    },
    {
      event: 'clear_enhanced_review',
      from: 'enhanced_review',
      to: 'credit_review',
      roles: ['compliance-officer'],
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:compliance-officer', 'role:risk-officer'],
        onRejected: 'declined',
      },
    },
    {
      event: 'set_limit',
      from: 'credit_review',
      to: 'pending_opening',
      roles: ['risk-officer'],
    },
    {
      event: 'open_account',
      from: 'pending_opening',
      to: 'open',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:operations', 'role:compliance-officer', 'role:desk-head'],
        onRejected: 'declined',
      },
    },
  ],
};
