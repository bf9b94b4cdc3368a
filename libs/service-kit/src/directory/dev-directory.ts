import { ADMINISTRATORS } from '@countersign/kernel';
import type { Directory, Person } from '@countersign/state-machine';

import { devCalendars } from './dev-calendars.js';

/** Somebody who is no administrator. */
const plain = (id: string, name: string, roles: string[], groups: string[]): Person => ({
  id,
  name,
  roles,
  groups: ['trade-approvers', ...groups],
  active: true,
});

const person = (id: string, name: string, roles: string[], groups: string[]): Person =>
  plain(id, name, roles, [...groups, ADMINISTRATORS]);

/**
 * The people that exist on a developer's machine: those for whom the development issuer vouches, and the
 * directory where no other is named. Each approval of the built-in templates finds at least three of them
 * besides whoever asks for it. Anybody here may start workflows, ask for approvals and be asked for one; most
 * are administrators, and some are not, so that what takes one can be seen to be refused.
 */
export const devDirectory: Directory = {
  calendars: devCalendars,
  people: [
    person('alice', 'Alice Moreau', ['trader'], ['rates-desk']),
    person('bob', 'Bob Lindqvist', ['trader'], ['rates-desk']),
    person('carol', 'Carol Adeyemi', ['trader', 'desk-head'], ['rates-desk']),
    person('dave', 'Dave Okonkwo', ['risk-officer'], ['risk', 'risk-committee']),
    person('erin', 'Erin Castellanos', ['compliance-officer'], ['compliance']),
    person('frank', 'Frank Yamada', ['compliance-officer'], ['compliance']),
    person(
      'grace',
      'Grace Novak',
      ['compliance-officer', 'head-of-compliance'],
      ['compliance', 'compliance-committee', 'risk-committee'],
    ),
    person('heidi', 'Heidi Brandt', ['operations'], ['middle-office']),
    plain('ivan', 'Ivan Petrescu', ['model-validator'], ['model-risk']),
    plain('judy', 'Judy Marchetti', ['model-owner'], ['quants']),
    person('kim', 'Kim Sørensen', ['desk-head'], ['credit-desk']),
    person('leo', 'Leo Haddad', ['risk-officer'], ['risk', 'risk-committee']),
    person('mira', 'Mira Kowalska', ['model-validator'], ['model-risk']),
    person('nadia', 'Nadia Benali', ['desk-head'], ['fx-desk']),
    person('oscar', 'Oscar Lund', ['desk-head'], ['equity-desk']),
    person('priya', 'Priya Raman', ['risk-officer'], ['risk', 'risk-committee']),
    person(
      'quentin',
      'Quentin Maes',
      ['risk-officer', 'chief-risk-officer'],
      ['risk', 'risk-committee'],
    ),
    person('rosa', 'Rosa Almeida', ['compliance-officer'], ['compliance', 'compliance-committee']),
    person('sven', 'Sven Halvorsen', ['operations'], ['middle-office', 'tax']),
    person('tara', 'Tara Quigley', ['operations'], ['middle-office', 'tax']),
    plain('umar', 'Umar Siddiqui', ['operations'], ['middle-office', 'tax']),
    person('vera', 'Vera Horvat', ['model-validator'], ['model-risk']),
    person('wim', 'Wim de Boer', ['model-validator'], ['model-risk']),
    plain('yara', 'Yara Costa', ['legal'], ['legal', 'compliance-committee']),
    person('zoe', 'Zoe Papadakis', ['legal'], ['legal', 'compliance-committee']),
  ],
};
