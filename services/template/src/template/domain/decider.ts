import type { TemplateEvent } from '@countersign/contracts';
import { hashOf, notFound, rule } from '@countersign/kernel';
import { EXPRESSION_LANGUAGE } from '@countersign/expressions';
import { validateDefinition, type WorkflowDefinition } from '@countersign/state-machine';

import type { TemplateState } from './state.js';

/**
 * Publishes the next version, unless the latest one is the same.
 *
 * @throws AppError `template.unsound` with every finding of the analysis in `details.findings`.
 */
export function publishTemplate(
  state: TemplateState,
  definition: WorkflowDefinition,
): readonly TemplateEvent[] {
  const definitionHash = hashOf(definition);
  if (state.versions.at(-1)?.definitionHash === definitionHash) return [];
  const findings = validateDefinition(definition);
  if (findings.some((finding) => finding.severity === 'error')) {
    throw rule('template.unsound', `${definition.name} does not pass the analysis`, {
      details: { findings },
    });
  }
  return [
    {
      type: 'template.version-published',
      data: {
        name: definition.name,
        version: state.versions.length + 1,
        definition,
        definitionHash,
        language: EXPRESSION_LANGUAGE,
      },
    },
  ];
}

/** The version asked for, or the latest. @throws AppError `template.not-found`. */
export function resolveVersion(state: TemplateState, name: string, version?: number) {
  const found = version === undefined ? state.versions.at(-1) : state.versions[version - 1];
  if (found) return found;
  const which = version === undefined ? name : `${name} version ${version}`;
  throw notFound('template.not-found', `there is no template ${which}`);
}
