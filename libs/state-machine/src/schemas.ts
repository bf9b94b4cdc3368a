// What the published language is made of: no expression is evaluated and no calendar reckoned here, so that
// whoever only reads and writes it, such as the SDK, loads neither.
export {
  ApprovalPolicy,
  ApprovalStage,
  Approver,
  Quorum,
  RejectionRule,
} from './approval-policy.js';
export { Calendar } from './calendar.js';
export { WorkflowDefinition, type WorkflowDefinitionInput } from './definition.js';
export { ApprovalOverride, DefinitionOverrides, RoundOverride } from './definition-overrides.js';
export { Directory, NewDirectory, parseDirectory, Person } from './directory.js';
export { Duration, durationMs } from './duration.js';
export { ApprovalLevel, TaskStatus, TriggerType, WorkflowStatus } from './enums.js';
export { type DelegationTerms, Organisation } from './organisation.js';
export { formerLogin, formerLogins, type Origin, originOf, type Origins } from './origins.js';
