export {
  ApprovalPolicy,
  approvalsNeeded,
  Approver,
  type ApproverSets,
  approverSets,
} from './approval-policy.js';
export {
  type Availability,
  type Choice,
  CompiledDefinition,
  type CompiledTransition,
  compileDefinition,
  mayFire,
} from './compile.js';
export {
  ContextField,
  ContextFieldType,
  type ContextProblem,
  contextProblems,
} from './context-schema.js';
export {
  FinalOutcome,
  parseDefinition,
  StateDefinition,
  TransitionDefinition,
  TransitionTrigger,
  WorkflowDefinition,
  type WorkflowDefinitionInput,
} from './definition.js';
export { ApprovalLevel, TaskStatus, TriggerType, WorkflowStatus } from './enums.js';
export type { Finding } from './finding.js';
export { ApprovalOverride, applyOverrides, DefinitionOverrides } from './overrides.js';
export { StateMachine, type TransitionOptions } from './state-machine.js';
export { validateDefinition } from './validate.js';
export { type AdjacentState, type Visualization, visualize } from './visualize.js';
