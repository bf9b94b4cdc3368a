import type { Model } from '../analysis/model.js';
import { error, type Finding, type PathStep, warning } from '../finding.js';
import {
  invokedBy,
  type KnownTemplate,
  type KnownTemplates,
  referenceKey,
} from '../known-templates.js';

/**
 * Invocations that cannot start anything: of templates that are not there, or without what their context has to have;
 * and those that lead back to the definition itself, which ends at the engine's limit of workflows within each other.
 */
export function checkInvokedTemplates({ definition, options: { templates } }: Model): Finding[] {
  if (templates === undefined) return [];
  const { name: own, states, contextSchema } = definition;
  const itself: KnownTemplate = {
    required: contextSchema.filter(({ required }) => required).map(({ name }) => name),
    invokes: invokedBy(states),
  };
  const known: KnownTemplates = { ...templates, [own]: itself };
  return states.flatMap(({ name, invoke, final }, index) => {
    if (invoke === undefined || final !== undefined) return [];
    const path = `/states/${index}/invoke`;
    const key = referenceKey(invoke);
    const target = Object.hasOwn(known, key) ? known[key] : undefined;
    if (target === undefined) return [];
    if (target.unavailable !== undefined) {
      // That may change before the first instance comes here.
      const message = `nothing can be started from ${key} today: it is ${target.unavailable}`;
      return [warning('invoke.template-unavailable', `${path}/template`, message)];
    }
    const findings: Finding[] = [];
    const missing = target.required.filter((field) => !Object.hasOwn(invoke.context, field));
    if (missing.length > 0) {
      const message = `${key} cannot be started without ${missing.slice(0, 5).join(', ')}`;
      findings.push(error('invoke.missing-context', `${path}/context`, message));
    }
    const loop = wayBack({ ...invoke, state: name }, own, known);
    if (loop !== undefined) {
      const way = loop.map(({ to }) => to).join(' to ');
      const message = `${own} invokes itself, without end unless a condition ends it: ${own} to ${way}`;
      findings.push({ ...warning('invoke.loop', path, message), counterexample: loop });
    }
    return findings;
  });
}

/** The shortest way from an invocation back to the definition itself, breadth first; undefined when there is none. */
function wayBack(
  first: KnownTemplate['invokes'][number],
  own: string,
  known: KnownTemplates,
): PathStep[] | undefined {
  const step = (from: string, { state, ...to }: typeof first): PathStep => ({
    from,
    to: referenceKey(to),
    event: state,
    by: 'invocation',
  });
  const ways = new Map([[referenceKey(first), [step(own, first)]]]);
  for (const [at, way] of ways) {
    if (at === own) return way;
    const { invokes = [] } = Object.hasOwn(known, at) ? (known[at] ?? {}) : {};
    for (const next of invokes) {
      const key = referenceKey(next);
      if (!ways.has(key)) ways.set(key, [...way, step(at, next)]);
    }
  }
  return undefined;
}
