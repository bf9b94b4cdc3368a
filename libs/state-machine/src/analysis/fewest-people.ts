import type { WorkflowDefinition } from '../definition.js';
import { edgesOf } from '../graph.js';
import { peopleOf } from './protection.js';

/** However many approvals lie on the way: so many people are enough to look at one jump past all of them. */
const MOST_PEOPLE_FOR_A_JUMP = 3;

/**
 * How many approvals by people an instance could not have avoided between two states: added up over the approvals on the
 * way that takes the fewest, and no more than `MOST_PEOPLE_FOR_A_JUMP`. Rejections, timeouts and AUTO take none. Undefined
 * when there is no way. A shortest path over distances 0 to `MOST_PEOPLE_FOR_A_JUMP`.
 *
 * @param isOpen whether a transition (its index) may be on the way; absent: all are, whatever their condition
 */
export function fewestPeople(
  definition: WorkflowDefinition,
  from: string,
  to: string,
  isOpen: (transition: number) => boolean = () => true,
): number | undefined {
  return fewestPeopleFrom(definition, from, isOpen).get(to);
}

/** `fewestPeople` to every state that there is a way to. */
export function fewestPeopleFrom(
  definition: WorkflowDefinition,
  from: string,
  isOpen: (transition: number) => boolean = () => true,
): ReadonlyMap<string, number> {
  const byFrom = Map.groupBy(edgesOf(definition), (edge) => edge.from);
  const found = new Map<string, number>();
  const atDistance: string[][] = Array.from({ length: MOST_PEOPLE_FOR_A_JUMP + 1 }, () => []);
  atDistance[0]?.push(from);
  for (const [distance, states] of atDistance.entries()) {
    // A list that grows while it is walked.
    for (const state of states) {
      if (found.has(state)) continue;
      found.set(state, distance);
      for (const { to, kind, transition } of byFrom.get(state) ?? []) {
        if (transition !== undefined && !isOpen(transition)) continue;
        const policy =
          kind === 'transition' && transition !== undefined
            ? definition.transitions[transition]?.requiresApproval
            : undefined;
        const people = policy === undefined ? 0 : peopleOf(policy);
        atDistance[Math.min(MOST_PEOPLE_FOR_A_JUMP, distance + people)]?.push(to);
      }
    }
  }
  return found;
}
