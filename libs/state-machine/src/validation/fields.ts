import {
  type FieldKind,
  type Misuse,
  type Uses,
  usesOf,
  type ValueKind,
} from '@countersign/expressions';
import { AppError } from '@countersign/kernel';

import type { Model } from '../analysis/model.js';
import type { ContextFieldType } from '../context-schema.js';
import type { WorkflowDefinition } from '../definition.js';
import { error, type Finding, warning } from '../finding.js';
import { expressionsIn, type PlacedExpression } from './places.js';

/**
 * Expressions that do not go with the fields that the context is declared to have: kinds that do not go together, and
 * fields that are neither declared nor set by any action. Nothing is said where no field is declared.
 */
export function checkFields({ definition, broken }: Model): Finding[] {
  const { contextSchema, transitions } = definition;
  if (contextSchema.length === 0) return [];
  const expressions = expressionsIn(definition).filter(({ of }) => of === 'value');
  const fields = new Map(
    contextSchema.flatMap(({ name, type }): [string, FieldKind][] =>
      type === 'any' ? [] : [[`context.${name}`, type]],
    ),
  );
  const known = new Set(['context', ...knownFields(definition, expressions)]);
  const look = (source: string, path: string): { uses: Uses; findings: Finding[] } | undefined => {
    const uses = read(source, fields);
    return uses && { uses, findings: [...unknown(uses, known, path), ...misused(uses, path)] };
  };
  const conditions = transitions.flatMap(({ condition }, index) => {
    if (condition === undefined || broken.has(index)) return [];
    const path = `/transitions/${index}/condition`;
    const { uses, findings = [] } = look(condition, path) ?? {};
    if (uses?.kind === undefined || uses.kind === 'boolean') return findings;
    return [...findings, error(MISMATCH, path, `must be a boolean, and is ${said(uses.kind)}`)];
  });
  const others = expressions.flatMap(({ source, path, assigns }) => {
    const { uses, findings = [] } = look(source, path) ?? {};
    const declared = assigns === undefined ? undefined : fields.get(`context.${assigns}`);
    if (uses?.kind === undefined || declared === undefined) return findings;
    if (TAKES[declared].includes(uses.kind)) return findings;
    const message = `${assigns ?? ''} is declared as ${said(declared)}, and this is ${said(uses.kind)}`;
    return [...findings, error(MISMATCH, path, message)];
  });
  return [...others, ...conditions];
}

const MISMATCH = 'expression.type-mismatch';

/** What may be assigned to a field; of a decimal it is not known whether it is a number or a text. */
const TAKES: Readonly<Record<FieldKind, readonly ValueKind[]>> = {
  string: ['string', 'exact', 'decimal'],
  number: ['number', 'decimal'],
  decimal: ['number', 'exact', 'decimal', 'string'],
  boolean: ['boolean'],
  object: ['object'],
  list: ['list'],
} satisfies Record<Exclude<ContextFieldType, 'any'>, readonly ValueKind[]>;

function knownFields(
  { contextSchema }: WorkflowDefinition,
  expressions: readonly PlacedExpression[],
): string[] {
  const assigned = expressions.flatMap(({ assigns }) => assigns ?? []);
  return [...contextSchema.map(({ name }) => name), ...assigned].map((name) => `context.${name}`);
}

/** Undefined for one that does not compile, which is a finding of its own. */
function read(source: string, fields: ReadonlyMap<string, FieldKind>): Uses | undefined {
  try {
    return usesOf(source, ['context', 'input'], fields);
  } catch (cause) {
    if (cause instanceof AppError) return undefined;
    throw cause;
  }
}

/** Names that are shown; of the others there is the number. */
const MOST_SHOWN = 5;

function unknown({ reads }: Uses, known: ReadonlySet<string>, path: string): Finding[] {
  const missing = reads.filter((each) => each.startsWith('context.') && !known.has(each));
  if (missing.length === 0) return [];
  const names = missing.slice(0, MOST_SHOWN).map((each) => each.slice('context.'.length, 200));
  const more = missing.length > MOST_SHOWN ? ` and ${missing.length - MOST_SHOWN} more` : '';
  const message = `neither declared in contextSchema nor set by an action: ${names.join(', ')}${more}`;
  return [warning('expression.unknown-field', path, message)];
}

/** The first of each outcome. */
function misused({ misuses }: Uses, path: string): Finding[] {
  const first = new Map(misuses.toReversed().map((misuse) => [misuse.outcome, misuse]));
  return [...first.values()].map((misuse) => findingOf(misuse, path));
}

function findingOf({ outcome, message }: Misuse, path: string): Finding {
  switch (outcome) {
    case 'fails':
      return error(MISMATCH, path, message);
    case 'decimal':
      return warning('expression.decimal-as-text', path, message);
    case 'never-equal':
      return warning('expression.never-equal', path, message);
  }
}

function said(kind: ValueKind): string {
  if (kind === 'exact') return 'an exact number';
  return `${kind === 'object' ? 'an' : 'a'} ${kind}`;
}
