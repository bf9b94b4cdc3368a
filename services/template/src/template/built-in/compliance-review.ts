/**
 * A case is triaged by a compliance officer, closed at once when it is harmless, and otherwise
 * investigated and closed by a committee, or escalated to the regulator.
 */
export const complianceReview = {
  name: 'compliance_review',
  title: 'Compliance review',
  description:
    'Triage, investigation and a committee decision on a compliance case, with a report to the regulator where one is due.',
  initial: 'opened',
  contextSchema: [
    { name: 'caseId', type: 'string', required: true, description: 'Identifier of the case' },
    { name: 'subject', type: 'string', required: true, description: 'Who or what is reviewed' },
    { name: 'severity', type: 'string', required: true, description: 'low, medium or high' },
    { name: 'desk', type: 'string', required: false, description: 'Desk that is concerned' },
  ],
  states: [
    { name: 'opened', description: 'Waits for triage' },
    { name: 'under_investigation', description: 'Facts are being gathered' },
    { name: 'pending_closure', description: 'Waits for a second pair of eyes' },
    { name: 'pending_report', description: 'Waits for the committee' },
    { name: 'closed', description: 'Nothing to report', final: 'completed' },
    { name: 'reported', description: 'Reported to the regulator', final: 'completed' },
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
      event: 'propose_closure',
      from: 'under_investigation',
      to: 'pending_closure',
      roles: ['compliance-officer'],
    },
    {
      event: 'propose_report',
      from: 'under_investigation',
      to: 'pending_report',
      roles: ['compliance-officer'],
    },
    {
      event: 'close',
      from: 'pending_closure',
      to: 'closed',
      trigger: 'automatic',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:compliance-officer'],
        onRejected: 'under_investigation',
      },
    },
    {
      event: 'report',
      from: 'pending_report',
      to: 'reported',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: 2,
        approvers: ['role:compliance-officer', 'role:risk-officer'],
        onRejected: 'under_investigation',
      },
    },
  ],
};
