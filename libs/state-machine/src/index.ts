export { Action, Actions, actionsOf } from './action.js';
export { fewestPeople } from './analysis/fewest-people.js';
export { levelToEnter, SMALLEST_COMMITTEE } from './analysis/protection.js';
export {
  approvalsNeeded,
  type ApproverSets,
  approverSets,
  type Identity,
  levelOf,
  namedAs,
  type Round,
  roundsOf,
  strengthOf,
} from './approval-policy.js';
export { addBusinessDuration, addBusinessTime } from './business-time.js';
export {
  type Choice,
  CompiledDefinition,
  compileDefinition,
  type OverallTimeout,
} from './compile.js';
export type { AfterTransition, Invocation, StateTimeout } from './compiled-state.js';
export {
  type Availability,
  type CompiledTransition,
  mayFire,
  maySend,
} from './compiled-transition.js';
export {
  ContextField,
  ContextFieldType,
  type ContextProblem,
  contextProblems,
} from './context-schema.js';
export {
  administratorsOf,
  FinalOutcome,
  parseDefinition,
  Protection,
  StateDefinition,
  TransitionDefinition,
  TransitionTrigger,
  triggerKind,
  type TriggerKind,
} from './definition.js';
export { deadlinesOf, type PolicyDeadlines } from './deadlines.js';
export { demandOf, describePolicy } from './describe-policy.js';
export type { Finding, PathStep } from './finding.js';
export { FieldName } from './names.js';
export { DEFINITION_SCHEMA_ID, definitionJsonSchema, type JsonSchema } from './json-schema.js';
export {
  type DelegatedMatter,
  type DelegationChain,
  MAX_DELEGATION_CHAIN,
  type OrganisationFacts,
} from './organisation.js';
export type { Distrust } from './origins.js';
export { applyOverrides, mustBeReachable } from './overrides.js';
export type { Claims } from './people.js';
export { type ActionResults, type CompiledAction, runActions } from './run-actions.js';
export {
  invokedBy,
  type InvokedReference,
  type KnownTemplate,
  type KnownTemplates,
  referenceKey,
} from './known-templates.js';
export * from './schemas.js';
export { StateMachine, type TransitionOptions, type WorkflowConfig } from './state-machine.js';
export { validateDefinition } from './validate.js';
export { adHocPolicyFindings } from './validation/ad-hoc-policy.js';
export {
  ENFORCED_POLICY_MEMBERS,
  POLICY_MEMBERS,
  SUPPORTED_ACTIONS,
  type ValidationOptions,
} from './validation/options.js';
export { placeOfExpression } from './validation/places.js';
export { type AdjacentState, type Visualization, visualize } from './visualize.js';
export type { DrawnEdge, DrawnNode } from './drawing.js';
export { fromMermaid } from './interchange/mermaid-import.js';
export { toMermaid } from './interchange/mermaid-export.js';
export type { Imported } from './interchange/naming.js';
export type { Unmapped } from './interchange/unmapped.js';
export { fromXState } from './interchange/xstate-import.js';
export { toXState } from './interchange/xstate-export.js';
export { assignable, type Demand } from './validation/matching.js';
