import { invalid } from '@countersign/kernel';
import { parseDefinition, WorkflowDefinition } from '@countersign/state-machine';
import { z } from 'zod';

/** A body with a definition, as `definitionIn` takes it. */
export const DefinitionBody = z.union([
  z.strictObject({ definition: WorkflowDefinition }),
  WorkflowDefinition,
]);

/** As `WorkflowDefinition` has it; looked at first, so that nobody parses ten thousand states to refuse them. */
const most = { states: 1_000, transitions: 5_000 } as const;

/** Whoever sends one of these means the definition itself. */
const MEMBERS = Object.keys(WorkflowDefinition.shape);

/**
 * The definition in a request's body: `{"definition": ...}`, or the definition itself.
 *
 * @throws AppError `invalid` `request.invalid` without a definition, and for members beside `definition`; `definition.too-large` naming
 * what there is too much of; `definition.malformed` with the places within the definition.
 */
export function definitionIn(body: unknown): WorkflowDefinition {
  if (!isObject(body)) return definitionOf(body);
  if (!('definition' in body)) {
    if (MEMBERS.some((member) => Object.hasOwn(body, member))) return definitionOf(body);
    const problem = 'is missing, and the body is no definition either';
    throw invalid('request.invalid', `/definition: ${problem}`, {
      details: { problems: [{ at: '/definition', problem }] },
    });
  }
  const { definition, ...others } = body;
  const [stray] = Object.keys(others);
  if (stray !== undefined) throw invalid('request.invalid', `/${stray}: unknown member`);
  return definitionOf(definition);
}

/** @throws AppError as `definitionIn`. */
export function definitionOf(definition: unknown): WorkflowDefinition {
  if (isObject(definition)) {
    for (const [member, limit] of Object.entries(most)) {
      const list = definition[member];
      if (!Array.isArray(list) || list.length <= limit) continue;
      const problem = `a definition has at most ${limit} ${member}, this one has ${list.length}`;
      throw invalid('definition.too-large', `/${member}: ${problem}`, {
        details: { problems: [{ at: `/${member}`, problem }] },
      });
    }
  }
  return parseDefinition(definition);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
