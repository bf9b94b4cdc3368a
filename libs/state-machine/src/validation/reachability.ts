import type { WorkflowDefinition } from '../definition.js';
import { error, type Finding, warning } from '../finding.js';
import { edgesOf, onCycle, reachableFrom, reaching } from '../graph.js';

/** States that no instance gets to, and states that it cannot get to an end from. */
export function checkReachability(definition: WorkflowDefinition): Finding[] {
  const edges = edgesOf(definition);
  const reached = reachableFrom([definition.initial], edges);
  const finals = definition.states.filter((state) => state.final !== undefined);
  if (finals.length === 0) {
    return [error('final.missing', '/states', 'no state is final: no instance would ever end')];
  }
  const ending = reaching(
    finals.map((state) => state.name),
    edges,
  );
  return definition.states.flatMap(({ name }, index) => {
    const path = `/states/${index}`;
    if (!reached.has(name)) {
      return [error('state.unreachable', path, `no transitions lead from the start to ${name}`)];
    }
    if (!ending.has(name)) {
      return [error('state.dead-end', path, `no transitions lead from ${name} to an end`)];
    }
    return [];
  });
}

/**
 * Circles of automatic transitions. Without any condition on the way they never stop; with some it
 * depends on the context, which no transition of the circle changes.
 */
export function checkAutomaticLoops(definition: WorkflowDefinition): Finding[] {
  const automatic = edgesOf(definition).filter(({ transition, kind }) => {
    const { trigger, requiresApproval } = definition.transitions[transition] ?? {};
    const waits = requiresApproval !== undefined && requiresApproval.level !== 'AUTO';
    return kind === 'transition' && trigger === 'automatic' && !waits;
  });
  const unconditional = automatic.filter(
    ({ transition }) => definition.transitions[transition]?.condition === undefined,
  );
  const certain = onCycle(unconditional);
  const possible = onCycle(automatic);
  return definition.states.flatMap(({ name }, index) => {
    const path = `/states/${index}`;
    if (certain.has(name)) {
      return [error('automatic.loop', path, `${name} leads back to itself and nothing stops it`)];
    }
    if (possible.has(name)) {
      return [warning('automatic.loop', path, `${name} may lead back to itself without end`)];
    }
    return [];
  });
}
