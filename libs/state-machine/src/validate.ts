import type { WorkflowDefinition } from './definition.js';
import type { Finding } from './finding.js';
import { checkApprovals } from './validation/approvals.js';
import { checkAutomaticLoops, checkReachability } from './validation/reachability.js';
import { checkNames, checkStates } from './validation/structure.js';
import { checkConditions, checkOrder, checkTriggers } from './validation/transitions.js';

/** Checks that make sense only when every name stands for one thing. */
const checks = [
  checkStates,
  checkReachability,
  checkAutomaticLoops,
  checkOrder,
  checkTriggers,
  checkConditions,
  checkApprovals,
];

/**
 * What is wrong or doubtful about a well-formed definition, in the order of the checks; empty when it
 * is sound. Errors block publishing. Pure; the time grows at worst with states times
 * transitions, both of which the schema caps.
 */
export function validateDefinition(definition: WorkflowDefinition): Finding[] {
  const names = checkNames(definition);
  return names.length > 0 ? names : checks.flatMap((check) => check(definition));
}
