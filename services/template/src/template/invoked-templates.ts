import {
  invokedBy,
  type InvokedReference,
  type KnownTemplate,
  referenceKey,
  type WorkflowDefinition,
} from '@countersign/state-machine';

import { resolvable } from './domain/decider.js';
import type { TemplateState } from './domain/state.js';

/** Templates that are looked at for one definition; what is invoked beyond is not spoken of. */
const MOST_TEMPLATES = 50;

/**
 * What is known of the templates that a definition invokes, and of those that these invoke, by `referenceKey`.
 *
 * @param load reads a template by its name
 */
export async function templatesInvokedBy(
  { states }: WorkflowDefinition,
  load: (name: string) => Promise<TemplateState>,
): Promise<Readonly<Record<string, KnownTemplate>>> {
  const pending = new Map(invokedBy(states).map((each) => [referenceKey(each), each]));
  const known: [string, KnownTemplate][] = [];
  // A map that grows while it is walked.
  for (const [key, reference] of pending) {
    if (known.length >= MOST_TEMPLATES) break;
    const template = knownTemplate(await load(reference.template), reference);
    known.push([key, template]);
    for (const next of template.invokes) pending.set(referenceKey(next), next);
  }
  return Object.fromEntries(known);
}

function knownTemplate(state: TemplateState, { version }: InvokedReference): KnownTemplate {
  const found = resolvable(state, version);
  if (found?.status !== 'PUBLISHED') {
    const unavailable =
      found === undefined ? 'unknown' : found.status === 'RETIRED' ? 'retired' : 'not published';
    return { unavailable, required: [], invokes: [] };
  }
  const { contextSchema, states } = found.definition;
  const required = contextSchema.filter((field) => field.required).map(({ name }) => name);
  return { required, invokes: invokedBy(states) };
}
