import { checkBypass } from './analysis/bypass.js';
import { Model } from './analysis/model.js';
import type { WorkflowDefinition } from './definition.js';
import { type Finding, warning } from './finding.js';
import { checkAdministrators, checkNamedPeople } from './validation/administrators.js';
import { checkApprovals } from './validation/approvals.js';
import { checkAutomaticLoops } from './validation/automatic-loops.js';
import { checkDeadlines } from './validation/deadlines.js';
import { checkExpressions } from './validation/expressions.js';
import { checkFields } from './validation/fields.js';
import { checkInvokedTemplates } from './validation/invoked-templates.js';
import type { ValidationOptions } from './validation/options.js';
import { checkMaterial } from './validation/material.js';
import { checkGaps, checkOverlaps } from './validation/overlaps.js';
import { checkQuorums } from './validation/quorums.js';
import { checkReachability } from './validation/reachability.js';
import { checkRejections } from './validation/rejections.js';
import { checkSignatures } from './validation/signatures.js';
import { checkNames, checkStates } from './validation/structure.js';
import { checkSupport } from './validation/support.js';
import {
  checkConditions,
  checkEscalation,
  checkInvocations,
  checkOrder,
  checkTriggers,
} from './validation/transitions.js';
import { checkUndecided } from './validation/undecided.js';

interface Check {
  readonly run: (model: Model) => Finding[];
  /**
   * What it is about, when it follows names from place to place and so makes sense only where every name stands for
   * one thing; undefined for one that looks at each place by itself.
   */
  readonly follows?: string;
}

const expressions: Check = { run: checkExpressions };
const approvals: Check = { run: checkApprovals };
const support: Check = { run: checkSupport };
const rejections: Check = { run: checkRejections };
const undecided: Check = { run: checkUndecided };
const quorums: Check = { run: checkQuorums };
const bypass: Check = { run: checkBypass, follows: 'ways around approvals' };

const checks: readonly Check[] = [
  { run: checkStates, follows: 'final states and allowed transitions' },
  { run: checkReachability, follows: 'unreachable states and dead ends' },
  { run: checkAutomaticLoops, follows: 'automatic loops' },
  { run: checkOrder, follows: 'transitions that are never taken' },
  { run: checkTriggers, follows: 'triggers' },
  { run: checkInvocations, follows: 'invoked workflows' },
  { run: checkInvokedTemplates },
  { run: checkEscalation },
  { run: checkConditions },
  expressions,
  { run: checkFields },
  { run: checkOverlaps, follows: 'overlapping conditions' },
  { run: checkGaps, follows: 'gaps between conditions' },
  approvals,
  support,
  { run: checkDeadlines },
  { run: checkMaterial },
  { run: checkSignatures },
  rejections,
  undecided,
  quorums,
  { run: checkAdministrators, follows: 'administrators' },
  { run: checkNamedPeople },
  bypass,
];

/**
 * What is wrong or doubtful about a well-formed definition, in the order of the checks; empty when it
 * is sound. Errors block publishing. Pure, and the same for the same arguments. While names are used twice or stand
 * for nothing, most checks make no sense: `analysis.incomplete` names those that were left out.
 *
 * It takes up to some seconds for a definition at the limits of the schema: a server asks for it off its
 * event loop.
 */
export function validateDefinition(
  definition: WorkflowDefinition,
  options: ValidationOptions = {},
): Finding[] {
  return findingsOf(checks, definition, options);
}

/** The checks whose answer depends on what approvals ask for. */
const approvalChecks = [approvals, support, rejections, undecided, quorums, bypass];

/** The findings that a change of approval policies may bring about or take away: much less work than all of them. */
export function validateApprovals(
  definition: WorkflowDefinition,
  options: ValidationOptions = {},
): Finding[] {
  return findingsOf(approvalChecks, definition, options);
}

function findingsOf(
  wanted: readonly Check[],
  definition: WorkflowDefinition,
  options: ValidationOptions,
): Finding[] {
  const names = checkNames(definition);
  const clear = names.length === 0;
  const model = new Model(definition, options);
  const findings = wanted.flatMap(({ run, follows }) =>
    clear || follows === undefined ? run(model) : [],
  );
  if (clear) return findings;
  const skipped = wanted.flatMap(({ follows }) => follows ?? []);
  return [...names, incomplete(skipped, names), ...findings];
}

/** Errors that are named as the reason; of the others there is the number. */
const MOST_NAMED = 3;

function incomplete(skipped: readonly string[], because: readonly Finding[]): Finding {
  const named = because.slice(0, MOST_NAMED).map(({ code, path }) => `${code} at ${path}`);
  const more = because.length > MOST_NAMED ? ` and ${because.length - MOST_NAMED} more` : '';
  const message = `not checked before this is mended: ${skipped.join(', ')}; because of ${named.join(', ')}${more}`;
  return warning('analysis.incomplete', '', message);
}
