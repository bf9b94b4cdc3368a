import type { Action } from '../action.js';
import { ApprovalPolicyShape } from '../approval-policy.js';
import type { Directory } from '../directory.js';
import type { KnownTemplates } from '../known-templates.js';

/**
 * What of an approval policy is enforced today. A policy that asks for more is refused at publishing:
 * `approval.not-enforced`. Whoever makes the approval aggregate enforce a member adds it here.
 *
 * `quorum/percent` is a quorum that is a part of those who are named; a number is `quorum`.
 */
export const ENFORCED_POLICY_MEMBERS: readonly string[] = [
  'level',
  'quorum',
  'quorum/percent',
  'approvers',
  'stages',
  'rejection',
  'abstain',
  'rule',
  'expiry',
  'reminders',
  'escalation',
  'calendar',
  'material',
  'signature',
  'breakGlass',
  'within',
  'mayBeWeakened',
  'auditRefusals',
  'onRejected',
];

/** Every member of a policy that there is to enforce. */
export const POLICY_MEMBERS: readonly string[] = [
  ...Object.keys(ApprovalPolicyShape.shape),
  'quorum/percent',
];

/** The kinds of action that something carries out today; others are `action.not-supported`. */
export const SUPPORTED_ACTIONS: readonly Action['type'][] = ['assign', 'emit'];

/** What a definition is validated against. Survives structured cloning. */
export interface ValidationOptions {
  /** The organisation; with it, quorums are checked against the people there are. */
  readonly directory?: Directory | undefined;
  /** Templates that may be invoked; with them, invocations are checked. */
  readonly templates?: KnownTemplates | undefined;
  /** How many moves the search of the proofs may try before it answers "not proven". Default: 200,000. */
  readonly bound?: number | undefined;
  /** What the engine carries out. Default: `ENFORCED_POLICY_MEMBERS` and `SUPPORTED_ACTIONS`. */
  readonly supports?:
    | {
        readonly policy?: readonly string[] | undefined;
        readonly actions?: readonly Action['type'][] | undefined;
      }
    | undefined;
}
