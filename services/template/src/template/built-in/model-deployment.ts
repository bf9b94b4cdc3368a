/**
 * A trading or risk model goes live only after an independent validation and a release decision by
 * two people; a model that misbehaves is rolled back.
 */
export const modelDeployment = {
  name: 'model_deployment',
  title: 'Model deployment',
  description:
    'Independent validation and a release decision before a model goes live, with a supervised trial and roll-back.',
  initial: 'submitted',
  contextSchema: [
    { name: 'modelId', type: 'string', required: true, description: 'Identifier of the model' },
    { name: 'version', type: 'string', required: true, description: 'Version to deploy' },
    { name: 'tier', type: 'number', required: false, description: 'Model risk tier, 1 is highest' },
    { name: 'desk', type: 'string', required: false, description: 'Desk that will use it' },
  ],
  states: [
    { name: 'submitted', description: 'The developers have handed it over' },
    { name: 'in_validation', description: 'Being validated independently' },
    { name: 'rework', description: 'Back with the developers' },
    { name: 'pending_release', description: 'Waits for the release decision' },
    { name: 'in_trial', description: 'Live beside its predecessor, without effect' },
    { name: 'live', description: 'In use', final: 'completed' },
    {
      name: 'rolled_back',
      description: 'Taken out in the trial',
      final: 'completed',
    },
    { name: 'withdrawn', description: 'Given up', final: 'cancelled' },
  ],
  transitions: [
    {
      event: 'start_validation',
      from: 'submitted',
      to: 'in_validation',
      roles: ['model-validator'],
    },
    {
      event: 'pass_validation',
      from: 'in_validation',
      to: 'pending_release',
      roles: ['model-validator'],
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:model-validator', 'role:risk-officer'],
        onRejected: 'rework',
      },
    },
    { event: 'fail_validation', from: 'in_validation', to: 'rework', roles: ['model-validator'] },
    { event: 'resubmit', from: 'rework', to: 'submitted' },
    { event: 'withdraw', from: 'rework', to: 'withdrawn' },
    {
      event: 'release',
      from: 'pending_release',
      to: 'in_trial',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:risk-officer', 'role:desk-head', 'role:compliance-officer'],
        onRejected: 'rework',
      },
    },
    {
      event: 'go_live',
      from: 'in_trial',
      to: 'live',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:risk-officer', 'role:desk-head'],
        onRejected: 'rolled_back',
      },
    },
    { event: 'roll_back', from: 'in_trial', to: 'rolled_back' },
  ],
};
