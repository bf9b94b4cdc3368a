import type { WorkflowDefinitionInput } from '@countersign/state-machine';

/** The screening system by its service account, or who screens by hand: nobody else says that a client is clear. */
const screeners = ['role:screening-system', 'role:compliance-officer', 'role:operations'];

/**
 * A client's identity, sanctions screening, tax forms, risk rating and credit limit are settled in this order
 * before an account opens. A hit on a sanctions list is looked at by compliance; a politically exposed or
 * high-risk client needs enhanced due diligence. Documents that turn out to be missing send the application
 * back; a client that sends none is dropped after a while.
 */
export const accountOnboarding: WorkflowDefinitionInput = {
  name: 'account_onboarding',
  title: 'Account onboarding',
  description:
    'KYC, sanctions screening, tax forms, risk rating and credit in the right order before an account opens, with enhanced due diligence for high risk.',
  initial: 'application',
  contextSchema: [
    {
      name: 'clientId',
      type: 'string',
      required: true,
      indexed: true,
      description: 'Identifier of the client',
    },
    {
      name: 'clientName',
      type: 'string',
      required: true,
      indexed: true,
      description: 'Name of the client',
    },
    {
      name: 'riskRating',
      type: 'string',
      required: true,
      indexed: true,
      description: 'low, medium or high; as estimated at first, later as rated',
    },
    { name: 'desk', type: 'string', indexed: true, description: 'Desk that brings the client' },
    { name: 'domicile', type: 'string', indexed: true, description: 'ISO 3166 country code' },
    {
      name: 'pep',
      type: 'boolean',
      description: 'Whether a politically exposed person is behind it',
    },
    { name: 'taxForm', type: 'string', description: 'W-8BEN-E, W-9, CRS self-certification' },
    { name: 'creditLimit', type: 'decimal', description: 'In US dollars' },
  ],
  states: [
    {
      name: 'application',
      description: 'Documents are being collected',
      timeout: { after: 'P60D', to: 'dormant' },
    },
    {
      name: 'kyc_review',
      description: 'Identity and ownership are verified',
      timeout: { after: 'P5D', to: 'kyc_escalated' },
    },
    {
      name: 'kyc_escalated',
      description: 'Nobody verified them: waits for compliance',
      timeout: { after: 'P5D', to: 'application' },
    },
    { name: 'screening', description: 'Compared with sanctions lists and adverse media' },
    {
      name: 'sanctions_review',
      description: 'There is a hit: waits for two compliance officers',
      timeout: { after: 'P2D', to: 'sanctions_escalated' },
    },
    {
      name: 'sanctions_escalated',
      description: 'Not decided: waits for the compliance committee',
      timeout: { after: 'P5D', to: 'declined' },
    },
    { name: 'hit_cleared', description: 'The hit is somebody else, or does no harm' },
    {
      name: 'tax_documentation',
      description: 'Waits for the tax form',
      timeout: { after: 'P30D', to: 'dormant' },
    },
    { name: 'tax_review', description: 'The tax form is checked' },
    { name: 'risk_rating', description: 'The client’s risk is rated' },
    { name: 'rated', description: 'Rated; what the rating asks for comes next' },
    {
      name: 'enhanced_review',
      description: 'Enhanced due diligence: waits for the compliance committee',
      timeout: { after: 'P20D', to: 'enhanced_review_escalated' },
    },
    {
      name: 'enhanced_review_escalated',
      description: 'Not decided: waits for the risk committee',
      timeout: { after: 'P10D', to: 'declined' },
    },
    { name: 'enhanced_review_passed', description: 'Acceptable in spite of its risk' },
    { name: 'credit_review', description: 'A credit limit is being set' },
    {
      name: 'pending_opening',
      description: 'Waits for the last two signatures',
      timeout: { after: 'P3D', to: 'opening_escalated' },
    },
    {
      name: 'opening_escalated',
      description: 'Nobody signed: waits for two heads of desks',
      timeout: { after: 'P3D', to: 'application' },
    },
    { name: 'open', description: 'The account is open', final: 'completed' },
    { name: 'declined', description: 'The client was declined', final: 'completed' },
    { name: 'dormant', description: 'The client stopped answering', final: 'cancelled' },
  ],
  transitions: [
    { event: 'documents_complete', from: 'application', to: 'kyc_review' },
    { event: 'decline_application', from: 'application', to: 'declined' },
    {
      event: 'verify_identity',
      from: 'kyc_review',
      to: 'screening',
      trigger: 'automatic',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:operations'],
        reminders: ['P2D', 'P4D'],
        onRejected: 'application',
      },
    },
    {
      event: 'verify_identity_escalated',
      from: 'kyc_escalated',
      to: 'screening',
      trigger: 'automatic',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:compliance-officer'],
        onRejected: 'application',
      },
    },
    {
      event: 'screening_hit',
      from: 'screening',
      to: 'sanctions_review',
      trigger: { signal: 'screening.hit', senders: screeners },
    },
    {
      event: 'screening_clear',
      from: 'screening',
      to: 'tax_documentation',
      trigger: { signal: 'screening.clear', senders: screeners },
    },
    {
      event: 'clear_screening',
      from: 'screening',
      to: 'tax_documentation',
      description: 'By hand, where no screening system answers',
      roles: ['compliance-officer', 'operations'],
    },
    {
      event: 'refer',
      from: 'screening',
      to: 'sanctions_review',
      roles: ['compliance-officer', 'operations'],
    },
    {
      event: 'clear_hit',
      from: 'sanctions_review',
      to: 'hit_cleared',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:compliance-officer'],
        reminders: ['P1D'],
        auditRefusals: true,
        onRejected: 'declined',
      },
    },
    {
      event: 'clear_hit_by_committee',
      from: 'sanctions_escalated',
      to: 'hit_cleared',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: 2,
        approvers: ['group:compliance-committee'],
        abstain: true,
        reminders: ['P2D'],
        auditRefusals: true,
        onRejected: 'declined',
      },
    },
    {
      event: 'ask_for_tax_form',
      from: 'hit_cleared',
      to: 'tax_documentation',
      trigger: 'automatic',
    },
    {
      event: 'receive_tax_form',
      from: 'tax_documentation',
      to: 'tax_review',
      condition: 'has(input.form) && input.form in ["W-8BEN-E", "W-9", "CRS"]',
      action: { type: 'assign', values: { taxForm: 'input.form' } },
    },
    {
      event: 'accept_tax_form',
      from: 'tax_review',
      to: 'risk_rating',
      trigger: 'automatic',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:operations'],
        reminders: ['P2D'],
        escalation: [{ after: 'P5D', approvers: ['role:compliance-officer'] }],
        expiry: { after: 'P10D', outcome: 'escalate' },
        onRejected: 'tax_documentation',
      },
    },
    {
      event: 'rate',
      from: 'risk_rating',
      to: 'rated',
      condition: 'has(input.rating) && input.rating in ["low", "medium", "high"]',
      roles: ['compliance-officer'],
      action: { type: 'assign', values: { riskRating: 'input.rating' } },
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:risk-officer'],
        reminders: ['P2D'],
        expiry: { after: 'P5D', outcome: 'cancel' },
        material: ['/context/clientId', '/context/pep', '/transition/input/rating'],
      },
    },
    {
      event: 'require_enhanced_review',
      from: 'rated',
      to: 'enhanced_review',
      trigger: 'automatic',
      condition:
        '!(context.riskRating in ["low", "medium"]) || (has(context.pep) && context.pep == true)',
    },
    {
      event: 'pass_rating',
      from: 'rated',
      to: 'credit_review',
      trigger: 'automatic',
      condition:
        'context.riskRating in ["low", "medium"] && !(has(context.pep) && context.pep == true)',
    },
    {
      event: 'clear_enhanced_review',
      from: 'enhanced_review',
      to: 'enhanced_review_passed',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: { percent: 50 },
        approvers: ['group:compliance-committee'],
        abstain: true,
        reminders: ['P5D', 'P15D'],
        onRejected: 'declined',
      },
    },
    {
      event: 'clear_enhanced_review_by_risk',
      from: 'enhanced_review_escalated',
      to: 'enhanced_review_passed',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: 3,
        approvers: ['group:risk-committee'],
        onRejected: 'declined',
      },
    },
    {
      event: 'review_credit',
      from: 'enhanced_review_passed',
      to: 'credit_review',
      trigger: 'automatic',
    },
    {
      event: 'set_limit',
      from: 'credit_review',
      to: 'pending_opening',
      condition: 'has(input.limit) && decimal(input.limit) >= decimal(0)',
      roles: ['risk-officer'],
      action: { type: 'assign', values: { creditLimit: 'input.limit' } },
    },
    {
      event: 'open_account',
      from: 'pending_opening',
      to: 'open',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:operations', 'role:compliance-officer', 'role:desk-head'],
        reminders: ['P1D', 'P2D'],
        onRejected: 'application',
      },
    },
    {
      event: 'open_account_escalated',
      from: 'opening_escalated',
      to: 'open',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:desk-head'],
        onRejected: 'application',
      },
    },
  ],
  protected: [{ state: 'open', level: 'DUAL' }],
};
