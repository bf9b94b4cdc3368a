import type { WorkflowDefinitionInput } from '@countersign/state-machine';

/**
 * A case is triaged by a compliance officer, closed when it is harmless and otherwise investigated. What
 * comes of an investigation is looked at by the second line, and a committee decides on a report to the
 * regulator; what it does not report is remedied, which the second line confirms. A case that nobody takes up
 * is investigated, and one that nobody decides goes to more senior people.
 */
export const complianceReview: WorkflowDefinitionInput = {
  name: 'compliance_review',
  title: 'Compliance review',
  description:
    'Triage, evidence, second line and a committee decision on a compliance case, with a report to the regulator or remediation.',
  initial: 'opened',
  contextSchema: [
    {
      name: 'caseId',
      type: 'string',
      required: true,
      indexed: true,
      description: 'Identifier of the case',
    },
    {
      name: 'subject',
      type: 'string',
      required: true,
      indexed: true,
      description: 'Who or what is reviewed',
    },
    {
      name: 'severity',
      type: 'string',
      required: true,
      indexed: true,
      description: 'low, medium or high',
    },
    { name: 'desk', type: 'string', indexed: true, description: 'Desk that is concerned' },
    { name: 'evidence', type: 'string', description: 'Where the evidence that came in is kept' },
  ],
  states: [
    {
      name: 'opened',
      description: 'Waits for triage; taken up by itself if nobody does it',
      timeout: { after: 'P2D', to: 'under_investigation' },
    },
    { name: 'under_investigation', description: 'Facts are being gathered' },
    {
      name: 'awaiting_evidence',
      description: 'Others have been asked for evidence',
      timeout: { after: 'P10D', to: 'under_investigation' },
    },
    {
      name: 'pending_closure',
      description: 'Waits for a second pair of eyes, two when the case is serious',
      timeout: { after: 'P3D', to: 'closure_escalated' },
    },
    {
      name: 'closure_escalated',
      description: 'Nobody decided on the closure: waits for the committee',
      timeout: { after: 'P5D', to: 'under_investigation' },
    },
    {
      name: 'second_line_review',
      description: 'Waits for the second line of defence',
      timeout: { after: 'P5D', to: 'pending_report' },
    },
    { name: 'finding_confirmed', description: 'The second line agrees with it' },
    {
      name: 'pending_report',
      description: 'Waits for the committee to decide on a report',
      timeout: { after: 'P5D', to: 'report_escalated' },
    },
    {
      name: 'report_escalated',
      description: 'The committee did not decide: waits for two risk officers',
      timeout: { after: 'P2D', to: 'overdue' },
    },
    {
      name: 'remediation',
      description: 'What was found is being put right',
      timeout: { after: 'P30D', to: 'second_line_review' },
    },
    { name: 'remediation_review', description: 'Waits for the second line to confirm it' },
    { name: 'closed', description: 'Nothing to report', final: 'completed' },
    { name: 'reported', description: 'Reported to the regulator', final: 'completed' },
    { name: 'remediated', description: 'Put right', final: 'completed' },
    { name: 'duplicate', description: 'Another case is about the same', final: 'cancelled' },
    { name: 'overdue', description: 'Not decided within the regulator’s time', final: 'failed' },
  ],
  transitions: [
    {
      event: 'dismiss',
      from: 'opened',
      to: 'pending_closure',
      condition: 'context.severity == "low"',
      roles: ['compliance-officer'],
    },
    {
      event: 'investigate',
      from: 'opened',
      to: 'under_investigation',
      roles: ['compliance-officer'],
    },
    {
      event: 'mark_duplicate',
      from: 'opened',
      to: 'duplicate',
      roles: ['compliance-officer'],
      requiresApproval: { level: 'SINGLE', approvers: ['role:compliance-officer'] },
    },
    {
      event: 'request_evidence',
      from: 'under_investigation',
      to: 'awaiting_evidence',
      roles: ['compliance-officer'],
    },
    {
      event: 'receive_evidence',
      from: 'awaiting_evidence',
      to: 'under_investigation',
      trigger: { signal: 'evidence.received' },
      condition: 'has(input.reference)',
      action: { type: 'assign', values: { evidence: 'input.reference' } },
    },
    {
      event: 'reassess',
      from: 'under_investigation',
      to: 'under_investigation',
      description: 'Changes the severity',
      condition: 'has(input.severity) && input.severity in ["low", "medium", "high"]',
      roles: ['compliance-officer'],
      action: { type: 'assign', values: { severity: 'input.severity' } },
    },
    {
      event: 'propose_closure',
      from: 'under_investigation',
      to: 'pending_closure',
      roles: ['compliance-officer'],
    },
    {
      event: 'propose_report',
      from: 'under_investigation',
      to: 'second_line_review',
      roles: ['compliance-officer'],
    },
    {
      event: 'propose_remediation',
      from: 'under_investigation',
      to: 'remediation',
      roles: ['compliance-officer'],
    },
    {
      event: 'close_serious',
      from: 'pending_closure',
      to: 'closed',
      trigger: 'automatic',
      condition: '!(context.severity in ["low", "medium"])',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:compliance-officer'],
        onRejected: 'under_investigation',
      },
    },
    {
      event: 'close',
      from: 'pending_closure',
      to: 'closed',
      trigger: 'automatic',
      condition: 'context.severity in ["low", "medium"]',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:compliance-officer'],
        onRejected: 'under_investigation',
      },
    },
    {
      event: 'close_by_committee',
      from: 'closure_escalated',
      to: 'closed',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: 2,
        approvers: ['group:compliance-committee'],
        onRejected: 'under_investigation',
      },
    },
    {
      event: 'confirm_finding',
      from: 'second_line_review',
      to: 'finding_confirmed',
      trigger: 'automatic',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:risk-officer'],
        onRejected: 'under_investigation',
      },
    },
    {
      event: 'convene_committee',
      from: 'finding_confirmed',
      to: 'pending_report',
      trigger: 'automatic',
    },
    {
      event: 'report',
      from: 'pending_report',
      to: 'reported',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: 3,
        approvers: ['group:compliance-committee', 'role:chief-risk-officer'],
        onRejected: 'remediation',
      },
    },
    {
      event: 'report_escalated_case',
      from: 'report_escalated',
      to: 'reported',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:risk-officer'],
        onRejected: 'remediation',
      },
    },
    {
      event: 'finish_remediation',
      from: 'remediation',
      to: 'remediation_review',
      roles: ['compliance-officer', 'operations'],
    },
    {
      event: 'confirm_remediation',
      from: 'remediation_review',
      to: 'remediated',
      trigger: 'automatic',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:risk-officer'],
        onRejected: 'remediation',
      },
    },
  ],
  protected: [
    { state: 'closed', level: 'SINGLE' },
    { state: 'reported', level: 'DUAL' },
    { state: 'remediated', level: 'SINGLE' },
    { state: 'duplicate', level: 'SINGLE' },
  ],
};
