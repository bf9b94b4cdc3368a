import { fewestPeopleFrom } from '../analysis/fewest-people.js';
import type { Model } from '../analysis/model.js';
import { LEVELS, levelsToEnter, SMALLEST_COMMITTEE } from '../analysis/protection.js';
import { approvalsNeeded, approverSets } from '../approval-policy.js';
import { administratorsOf } from '../definition.js';
import { error, type Finding, info, warning } from '../finding.js';
import { Organisation } from '../organisation.js';
import { unknownNames } from './quorums.js';

/**
 * Whether there are people enough to decide about forcing, migrating and resetting an instance, into the states where that
 * takes most. Where the definition does not say who they are, that is a warning: it asks for nothing of the kind.
 */
export function checkAdministrators({ definition, options: { directory } }: Model): Finding[] {
  const administrators = administratorsOf(definition);
  const levelOf = levelsToEnter(definition);
  const strongest = Math.max(...definition.states.map(({ name }) => LEVELS.indexOf(levelOf(name))));
  const level = LEVELS[strongest] ?? 'SINGLE';
  const jumped = Math.max(...fewestPeopleFrom(definition, definition.initial).values());
  const needed = Math.max(approvalsNeeded({ level, quorum: SMALLEST_COMMITTEE }), jumped);
  const said = definition.administrators !== undefined;
  const path = said ? '/administrators' : '';
  const severe = said ? error : warning;

  if (directory === undefined) {
    const { people, groups, roles } = approverSets(administrators);
    if (groups.length + roles.length > 0 || people.length >= needed) return [];
    return [severe(CODE, path, unmet(needed, people.length))];
  }
  const people = new Organisation(directory);
  const there = people.named(administrators).size;
  const findings = said ? unknownNames(people, administrators, path) : [];
  if (there < needed) return [...findings, severe(CODE, path, unmet(needed, there))];
  if (there > needed) return findings;
  const message = `${unmet(needed, there)}: not possible if one of them asks`;
  return [...findings, warning(CODE, path, message)];
}

/** Lists of people who may do something, and name nobody whom the directory knows. */
export function checkNamedPeople({ definition, options: { directory } }: Model): Finding[] {
  if (directory === undefined) return [];
  const people = new Organisation(directory);
  return [
    ...unknownNames(people, definition.operators ?? [], '/operators'),
    ...definition.transitions.flatMap(({ roles = [] }, index) =>
      roles.flatMap((role, place) => {
        if (people.named([`role:${role}`]).size > 0) return [];
        const message = `the directory has nobody active of role ${role}`;
        return [
          warning('transition.unknown-role', `/transitions/${index}/roles/${place}`, message),
        ];
      }),
    ),
    // Who sends a signal may be a service, of which the directory need not know.
    ...definition.transitions.flatMap(({ trigger }, index) => {
      if (typeof trigger === 'string' || !('signal' in trigger)) return [];
      const { senders = [] } = trigger;
      if (senders.length === 0 || senders.includes('system:trigger')) return [];
      if (people.named(senders).size > 0) return [];
      const message = `the directory has nobody active for ${senders.join(', ')}: a service has to send it`;
      return [info('signal.unknown-sender', `/transitions/${index}/trigger/senders`, message)];
    }),
  ];
}

const CODE = 'approval.quorum-unreachable';

const unmet = (needed: number, there: number): string =>
  `administrators: it takes ${needed} people to force an instance into some state, and there are ${there}`;
