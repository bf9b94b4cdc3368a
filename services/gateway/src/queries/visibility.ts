import type { Actor } from '@countersign/kernel';

/**
 * The scopes (such as desks) whose rows somebody may see; `everything` is not a long list but the
 * absence of a limit, and includes rows without a scope.
 */
export type Visibility = 'everything' | readonly string[];

/** What somebody may see. For now everybody who is let in sees everything. */
export function visibleTo(_actor: Actor): Visibility {
  return 'everything';
}
