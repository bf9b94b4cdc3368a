import type { FindingCounts, Provenance, TemplateEvent } from '@countersign/contracts';
import { EXPRESSION_LANGUAGE } from '@countersign/expressions';
import {
  type Actor,
  ADMINISTRATORS,
  forbidden,
  hashOf,
  isAdministrator,
  notFound,
  rule,
} from '@countersign/kernel';
import type { Finding, Organisation, WorkflowDefinition } from '@countersign/state-machine';

import type { TemplateState, VersionState } from './state.js';

/** A definition and what the analysis found in it. */
export interface Analysed {
  readonly definition: WorkflowDefinition;
  readonly findings: readonly Finding[];
}

/** Who does something, and the organisation that says who is who: people are compared, not their ids and logins. */
export interface Cause {
  readonly actor: Pick<Actor, 'id' | 'groups'>;
  readonly organisation: Organisation;
}

/**
 * Saves a draft. An author's latest draft gets the new content; somebody else's is never touched. Nothing
 * happens when the draft is like that already.
 */
export function saveDraft(
  state: TemplateState,
  { definition, findings }: Analysed,
  cause: Cause,
  importedFrom?: Provenance,
): readonly TemplateEvent[] {
  const definitionHash = hashOf(definition);
  const own = draftOf(state, cause);
  if (own?.definitionHash === definitionHash) return [];
  return [
    {
      type: 'template.draft-saved',
      data: {
        ...content(definition, definitionHash, own?.version ?? state.versions.length + 1),
        author: personOf(cause),
        findings: countFindings(findings),
        ...(importedFrom === undefined ? {} : { importedFrom }),
      },
    },
  ];
}

/** The latest version that somebody is writing. */
export function draftOf(state: TemplateState, cause: Cause): VersionState | undefined {
  return state.versions.findLast(
    ({ status, author }) => status === 'DRAFT' && isOneOf([author], cause),
  );
}

/**
 * By its author, or by an administrator.
 *
 * @throws AppError `template.version-not-found`, `template.not-a-draft`; `forbidden` `template.not-yours`
 */
export function submitVersion(
  state: TemplateState,
  number: number,
  cause: Cause,
  comment?: string,
): readonly TemplateEvent[] {
  const { name, version, status, author, definitionHash } = existing(state, number);
  mustBeOneOf([author], cause);
  const submittedBy = personOf(cause);
  if (status !== 'DRAFT') throw wrongStatus('template.not-a-draft', status);
  const said = comment === undefined ? {} : { comment };
  const data = { name, version, definitionHash, submittedBy, ...said };
  return [{ type: 'template.version-submitted', data }];
}

/**
 * By an administrator; by its author or whoever submitted it, to go on with it.
 *
 * @throws AppError `template.version-not-found`, `template.not-in-review`; `forbidden` `template.not-yours`
 */
export function returnVersion(
  state: TemplateState,
  number: number,
  cause: Cause,
  reason: string,
): readonly TemplateEvent[] {
  const { name, version, status, author, submitters } = existing(state, number);
  mustBeOneOf([author, submitters.at(-1)], cause);
  const returnedBy = personOf(cause);
  if (status !== 'IN_REVIEW') throw wrongStatus('template.not-in-review', status);
  return [{ type: 'template.version-returned', data: { name, version, returnedBy, reason } }];
}

/**
 * The version that somebody wants to publish.
 *
 * @throws AppError `template.version-not-found`; `template.not-in-review` when it was published before or
 * retired; `template.second-person-needed` for its author and for whoever has ever submitted it; `template.changed`
 * when it is not what the reviewer was shown; `template.hash-needed` when it was submitted more than once, so that
 * only the hash tells which of its contents that was. Both say which hash it has today.
 */
export function publishable(
  state: TemplateState,
  number: number,
  cause: Cause,
  shownHash?: string,
): VersionState {
  const version = existing(state, number);
  const { status, author, submitters, definitionHash } = version;
  if (status === 'PUBLISHED' || status === 'RETIRED') {
    throw wrongStatus('template.not-in-review', status);
  }
  if (isOneOf([author, ...submitters], cause)) {
    throw rule(
      'template.second-person-needed',
      'who wrote or submitted a version does not publish it',
      { details: { author, submitters: [...new Set(submitters)] } },
    );
  }
  if (shownHash === undefined && submitters.length > 1) {
    throw rule(
      'template.hash-needed',
      'it was submitted more than once: say by `definitionHash` what you looked at',
      { details: { definitionHash } },
    );
  }
  if (shownHash !== undefined && shownHash !== definitionHash) {
    throw rule('template.changed', 'the version is not what it was when you looked at it', {
      details: { definitionHash },
    });
  }
  return version;
}

/**
 * Publishes a version that was reviewed by a second person.
 *
 * @param findings of the analysis of that very version
 * @throws AppError what `publishable` throws; `template.has-errors` with every finding in
 * `details.findings`; `template.not-in-review` for a draft that nobody has submitted.
 */
export function publishVersion(
  state: TemplateState,
  number: number,
  cause: Cause,
  findings: readonly Finding[],
  options: { readonly comment?: string | undefined; readonly shownHash?: string | undefined } = {},
): readonly TemplateEvent[] {
  const { comment, shownHash } = options;
  const { version, status, definition, definitionHash } = publishable(
    state,
    number,
    cause,
    shownHash,
  );
  mustHaveNoErrors(definition, findings);
  if (status !== 'IN_REVIEW') throw wrongStatus('template.not-in-review', status);
  const said = {
    ...(comment === undefined ? {} : { comment }),
    ...(shownHash === undefined ? {} : { shownHash }),
  };
  const data = { ...content(definition, definitionHash, version), ...said };
  return [{ type: 'template.version-published', data }];
}

/**
 * Publishes a template that comes with the product as the next version, unless the latest one is the
 * same. It was reviewed by those who made the product.
 *
 * @throws AppError `template.has-errors`.
 */
export function publishBuiltIn(
  state: TemplateState,
  { definition, findings }: Analysed,
): readonly TemplateEvent[] {
  const definitionHash = hashOf(definition);
  if (latestPublished(state)?.definitionHash === definitionHash) return [];
  mustHaveNoErrors(definition, findings);
  const data = content(definition, definitionHash, state.versions.length + 1);
  return [{ type: 'template.version-published', data }];
}

/** @throws AppError `template.version-not-found`, `template.not-published`. */
export function retireVersion(
  state: TemplateState,
  number: number,
  cause: Cause,
  reason?: string,
): readonly TemplateEvent[] {
  const { name, version, status, author } = existing(state, number);
  if (!isOneOf([author], cause) && !isAdministrator(cause.actor)) {
    throw forbidden('template.admins-only', `this takes a member of the group ${ADMINISTRATORS}`);
  }
  const retiredBy = personOf(cause);
  if (status !== 'PUBLISHED') throw wrongStatus('template.not-published', status);
  const said = reason === undefined ? {} : { reason };
  const data = { name, version, retiredBy, ...said };
  return [{ type: 'template.version-retired', data }];
}

/**
 * The published version asked for, or the latest one. A new draft does not hide that all were retired.
 *
 * @throws AppError `template.not-found`; `template.not-published` for what is still a draft or under
 * review; `template.retired`.
 */
export function resolveVersion(state: TemplateState, name: string, number?: number): VersionState {
  const found = resolvable(state, number);
  const which = number === undefined ? name : `${name} version ${number}`;
  if (!found) throw notFound('template.not-found', `there is no template ${which}`);
  if (found.status === 'PUBLISHED') return found;
  const details = { details: { status: found.status } };
  if (found.status === 'RETIRED') {
    throw rule('template.retired', `${which} was retired: nothing new is started from it`, details);
  }
  throw rule('template.not-published', `${which} has not been published yet`, details);
}

/** The version asked for, or the latest published one, or else the latest retired one, or any. */
export function resolvable(state: TemplateState, number?: number): VersionState | undefined {
  if (number !== undefined) return state.versions[number - 1];
  return latestPublished(state) ?? latestRetired(state) ?? state.versions.at(-1);
}

/** @throws AppError `template.version-not-found`. */
export function existing(state: TemplateState, number: number): VersionState {
  const version = state.versions[number - 1];
  if (version) return version;
  throw notFound('template.version-not-found', 'there is no such template or version');
}

/** The id that whoever does it has today. */
function personOf({ actor, organisation }: Cause): string {
  return organisation.personOf(actor.id);
}

/** Whether whoever does it is one of some people, under whatever id or login these were recorded. */
function isOneOf(people: readonly (string | undefined)[], cause: Cause): boolean {
  const person = personOf(cause);
  return people.some((id) => id !== undefined && cause.organisation.personOf(id) === person);
}

function mustBeOneOf(people: readonly (string | undefined)[], cause: Cause): void {
  if (isOneOf(people, cause) || isAdministrator(cause.actor)) return;
  const named = [...new Set(people.filter((id) => id !== undefined))];
  throw forbidden(
    'template.not-yours',
    `this takes ${[...named, `a member of the group ${ADMINISTRATORS}`].join(', or ')}`,
    { details: { people: named } },
  );
}

/** How many there are of each severity. */
export function countFindings(findings: readonly Finding[]): FindingCounts {
  const count = (severity: Finding['severity']) =>
    findings.filter((finding) => finding.severity === severity).length;
  return { errors: count('error'), warnings: count('warning'), infos: count('info') };
}

function latestPublished({ versions }: TemplateState): VersionState | undefined {
  return versions.findLast(({ status }) => status === 'PUBLISHED');
}

function latestRetired({ versions }: TemplateState): VersionState | undefined {
  return versions.findLast(({ status }) => status === 'RETIRED');
}

function mustHaveNoErrors({ name }: WorkflowDefinition, findings: readonly Finding[]): void {
  if (!findings.some(({ severity }) => severity === 'error')) return;
  throw rule('template.has-errors', `${name} does not pass the analysis`, {
    details: { findings },
  });
}

function content(definition: WorkflowDefinition, definitionHash: string, version: number) {
  const { name } = definition;
  return { name, version, definition, definitionHash, language: EXPRESSION_LANGUAGE };
}

function wrongStatus(code: string, status: string) {
  return rule(code, `the version is ${status}`, { details: { status } });
}
