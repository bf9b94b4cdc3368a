import { compileCondition } from '@countersign/expressions';
import { AppError, invalid } from '@countersign/kernel';

import {
  conditionVariables,
  parseDefinition,
  type TransitionDefinition,
  type WorkflowDefinitionInput,
} from '../definition.js';
import { DefinitionName, Name } from '../names.js';
import type { Unmapped, UnmappedList } from './unmapped.js';

/** What an import makes: a definition to be read by `parseDefinition`, and what it leaves out. */
export interface Imported {
  readonly definition: WorkflowDefinitionInput;
  readonly unmapped: readonly Unmapped[];
}

/** A text as the name of an event or a state; another one where it cannot be, which is noted. */
export function asName(text: string, path: string, unmapped: UnmappedList): string {
  if (Name.safeParse(text).success) return text;
  const plain = text.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z]+/, '');
  const name = plain.replace(/-+$/, '').slice(0, 60) || 'unnamed';
  unmapped.add(path, `cannot be a name: it is called ${name} here`);
  return name;
}

/** A text as the name of a definition; `imported` where it cannot be one. */
export function asDefinitionName(text: unknown, path: string, unmapped: UnmappedList): string {
  const parsed = DefinitionName.safeParse(text);
  if (parsed.success) return parsed.data;
  unmapped.add(path, 'there is no name, or none in lower case: it is called imported here');
  return 'imported';
}

/**
 * A condition as far as it is CEL. One that is not becomes `false`, so that nothing gets through where somebody
 * meant to guard, and is noted.
 */
export function asCondition(
  text: string,
  trigger: TransitionDefinition['trigger'],
  path: string,
  unmapped: UnmappedList,
): string {
  try {
    compileCondition(text, conditionVariables({ trigger }));
    return text;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    unmapped.add(path, 'the condition is not CEL: it is false here, until somebody writes it');
    return 'false';
  }
}

/** @throws AppError `invalid` with the given code when there is more than a definition may have, or nothing */
export function imported(
  definition: WorkflowDefinitionInput,
  unmapped: UnmappedList,
  code: string,
): Imported {
  try {
    parseDefinition(definition);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw invalid(code, error.message, error.details ? { details: error.details } : {});
  }
  return { definition, unmapped: unmapped.items };
}
