/** A person of the development issuer. */
interface DevUser {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/**
 * The people that exist on a developer's machine, enough in every role of the built-in
 * templates that whoever asks for an approval finds others to give it.
 * Anybody here may start workflows, ask for approvals and be asked for one.
 */
export const devUsers: readonly DevUser[] = [
  {
    id: 'alice',
    name: 'Alice Moreau',
    roles: ['trader'],
    groups: ['trade-approvers', 'rates-desk'],
  },
  {
    id: 'bob',
    name: 'Bob Lindqvist',
    roles: ['trader'],
    groups: ['trade-approvers', 'rates-desk'],
  },
  {
    id: 'carol',
    name: 'Carol Adeyemi',
    roles: ['trader', 'desk-head'],
    groups: ['trade-approvers', 'rates-desk'],
  },
  {
    id: 'dave',
    name: 'Dave Okonkwo',
    roles: ['risk-officer'],
    groups: ['trade-approvers', 'risk'],
  },
  {
    id: 'erin',
    name: 'Erin Castellanos',
    roles: ['compliance-officer'],
    groups: ['trade-approvers', 'compliance'],
  },
  {
    id: 'frank',
    name: 'Frank Yamada',
    roles: ['compliance-officer'],
    groups: ['trade-approvers', 'compliance'],
  },
  {
    id: 'grace',
    name: 'Grace Novak',
    roles: ['compliance-officer', 'head-of-compliance'],
    groups: ['trade-approvers', 'compliance'],
  },
  {
    id: 'heidi',
    name: 'Heidi Brandt',
    roles: ['operations'],
    groups: ['trade-approvers', 'middle-office'],
  },
  {
    id: 'ivan',
    name: 'Ivan Petrescu',
    roles: ['model-validator'],
    groups: ['trade-approvers', 'model-risk'],
  },
  {
    id: 'judy',
    name: 'Judy Marchetti',
    roles: ['model-owner'],
    groups: ['trade-approvers', 'quants'],
  },
  {
    id: 'kim',
    name: 'Kim Sørensen',
    roles: ['desk-head'],
    groups: ['trade-approvers', 'credit-desk'],
  },
  {
    id: 'leo',
    name: 'Leo Haddad',
    roles: ['risk-officer'],
    groups: ['trade-approvers', 'risk'],
  },
  {
    id: 'mira',
    name: 'Mira Kowalska',
    roles: ['model-validator'],
    groups: ['trade-approvers', 'model-risk'],
  },
];
