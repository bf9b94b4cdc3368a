import type { WorkflowDefinitionInput } from '@countersign/state-machine';

/** What is approved: this version of this model, by what its validation found. */
const MODEL = ['/context/modelId', '/context/version', '/context/validationReport'];

/** Monitoring, or anybody who sees it misbehave, takes a model out without asking first. */
const rollBacks = (from: string) => [
  { event: 'roll_back', from, to: 'rolled_back' },
  {
    event: 'breach',
    from,
    to: 'rolled_back',
    trigger: { signal: 'model.breach' },
    description: 'Monitoring reports that it is outside of its bounds',
  },
];

/**
 * A trading or risk model goes live after a validation, an independent review of it and a release decision of the head of a desk and
 * the risk committee, which are signed like the validation,
 * first beside its predecessor, then for a part of the book, then for all of it. In each of these steps it can
 * be rolled back at once; going on takes people. What was rolled back or failed goes back to its developers.
 */
export const modelDeployment: WorkflowDefinitionInput = {
  name: 'model_deployment',
  title: 'Model deployment',
  description:
    'Validation, independent review and a release decision before a model goes live in stages, with roll-back.',
  initial: 'submitted',
  contextSchema: [
    {
      name: 'modelId',
      type: 'string',
      required: true,
      indexed: true,
      description: 'Identifier of the model',
    },
    { name: 'version', type: 'string', required: true, description: 'Version to deploy' },
    { name: 'tier', type: 'number', indexed: true, description: 'Model risk tier, 1 is highest' },
    { name: 'desk', type: 'string', indexed: true, description: 'Desk that will use it' },
    { name: 'validationReport', type: 'string', description: 'Where the validation report is' },
  ],
  states: [
    {
      name: 'submitted',
      description: 'The developers have handed it over',
      timeout: { after: 'P30D', to: 'rework' },
    },
    {
      name: 'in_validation',
      description: 'Being validated',
      timeout: { after: 'P20D', to: 'validation_escalated' },
    },
    {
      name: 'validation_escalated',
      description: 'Validation takes too long: waits for two risk officers',
      timeout: { after: 'P5D', to: 'rework' },
    },
    { name: 'validated', description: 'Validated; what its tier asks for comes next' },
    { name: 'accepted_unvalidated', description: 'Goes on without a validation' },
    {
      name: 'independent_review',
      description: 'Waits for those who did not validate it',
      timeout: { after: 'P10D', to: 'review_escalated' },
    },
    {
      name: 'review_escalated',
      description: 'Nobody reviewed it: waits for the risk committee',
      timeout: { after: 'P10D', to: 'rework' },
    },
    { name: 'reviewed', description: 'Reviewed independently' },
    {
      name: 'rework',
      description: 'Back with the developers',
      timeout: { after: 'P90D', to: 'withdrawn' },
    },
    {
      name: 'pending_release',
      description: 'Waits for the release decision',
      timeout: { after: 'P5D', to: 'rework' },
    },
    {
      name: 'in_trial',
      description: 'Live beside its predecessor, without effect',
      timeout: { after: 'P14D', to: 'rolled_back' },
    },
    {
      name: 'partly_live',
      description: 'In use for a part of the book',
      timeout: { after: 'P14D', to: 'rolled_back' },
    },
    { name: 'fully_live', description: 'In use for all of it, and watched for a month' },
    { name: 'rolled_back', description: 'Taken out; somebody has to find out why' },
    { name: 'live', description: 'In use', final: 'completed' },
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
      to: 'validated',
      roles: ['model-validator'],
      condition: 'has(input.report)',
      action: { type: 'assign', values: { validationReport: 'input.report' } },
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:model-validator'],
        signature: { meaning: 'validated, and the report is complete' },
        material: ['/context/modelId', '/context/version', '/transition/input/report'],
        reminders: ['P2D'],
        expiry: { after: 'P5D', outcome: 'cancel' },
        onRejected: 'rework',
      },
    },
    { event: 'fail_validation', from: 'in_validation', to: 'rework', roles: ['model-validator'] },
    {
      event: 'accept_unvalidated',
      from: 'validation_escalated',
      to: 'accepted_unvalidated',
      trigger: 'automatic',
      requiresApproval: { level: 'DUAL', approvers: ['role:risk-officer'], onRejected: 'rework' },
    },
    {
      event: 'review_unvalidated',
      from: 'accepted_unvalidated',
      to: 'independent_review',
      trigger: 'automatic',
    },
    {
      event: 'refer_to_review',
      from: 'validated',
      to: 'independent_review',
      trigger: 'automatic',
      condition: '!has(context.tier) || context.tier <= 2.0',
    },
    {
      event: 'skip_review',
      from: 'validated',
      to: 'pending_release',
      trigger: 'automatic',
      description: 'Models of the lower tiers need no second review',
      condition: 'has(context.tier) && context.tier > 2.0',
    },
    {
      event: 'pass_review',
      from: 'independent_review',
      to: 'reviewed',
      trigger: 'automatic',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:risk-officer'],
        reminders: ['P3D', 'P7D'],
        material: MODEL,
        onRejected: 'rework',
      },
    },
    {
      event: 'pass_review_by_committee',
      from: 'review_escalated',
      to: 'reviewed',
      trigger: 'automatic',
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: 3,
        approvers: ['group:risk-committee'],
        abstain: true,
        reminders: ['P5D'],
        material: MODEL,
        onRejected: 'rework',
      },
    },
    { event: 'ask_for_release', from: 'reviewed', to: 'pending_release', trigger: 'automatic' },
    { event: 'resubmit', from: 'rework', to: 'submitted' },
    { event: 'withdraw', from: 'rework', to: 'withdrawn' },
    {
      event: 'release',
      from: 'pending_release',
      to: 'in_trial',
      trigger: 'automatic',
      requiresApproval: {
        stages: [
          { name: 'desk_head', level: 'SINGLE', approvers: ['role:desk-head'] },
          {
            name: 'risk_committee',
            level: 'COMMITTEE',
            quorum: 2,
            approvers: ['group:risk-committee'],
          },
        ],
        signature: { meaning: 'reviewed and approved for release' },
        material: MODEL,
        reminders: ['P2D', 'P4D'],
        auditRefusals: true,
        onRejected: 'rework',
      },
    },
    {
      event: 'widen',
      from: 'in_trial',
      to: 'partly_live',
      requiresApproval: {
        level: 'SINGLE',
        approvers: ['role:risk-officer', 'role:desk-head'],
        reminders: ['P1D'],
        expiry: { after: 'P3D', outcome: 'cancel' },
        onRejected: 'rolled_back',
      },
    },
    ...rollBacks('in_trial'),
    {
      event: 'go_live',
      from: 'partly_live',
      to: 'fully_live',
      requiresApproval: {
        level: 'DUAL',
        approvers: ['role:risk-officer', 'role:desk-head'],
        signature: { meaning: 'reviewed and approved for the whole book' },
        material: MODEL,
        reminders: ['P1D'],
        expiry: { after: 'P3D', outcome: 'cancel' },
        onRejected: 'rolled_back',
      },
    },
    ...rollBacks('partly_live'),
    { event: 'settle', from: 'fully_live', to: 'live', trigger: { after: 'P30D' } },
    ...rollBacks('fully_live'),
    { event: 'return_to_developers', from: 'rolled_back', to: 'rework' },
    { event: 'give_up', from: 'rolled_back', to: 'withdrawn' },
  ],
  protected: [
    { state: 'in_trial', level: 'DUAL' },
    { state: 'live', level: 'DUAL' },
  ],
};
