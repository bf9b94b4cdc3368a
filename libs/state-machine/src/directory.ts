import { parseInput } from '@countersign/kernel';
import { z } from 'zod';

import { type Approver, approverSets } from './approval-policy.js';

/** A person who may be asked, as the organisation knows them. */
export const Person = z.strictObject({
  id: z.string().min(1).max(200),
  name: z.string().min(1).max(200),
  roles: z.array(z.string().min(1).max(100)).max(100).default([]),
  groups: z.array(z.string().min(1).max(100)).max(100).default([]),
  /** Whoever has left stays in the records and is asked no more. */
  active: z.boolean().default(true),
});
export type Person = z.infer<typeof Person>;

/** People, their roles and their groups. */
export const Directory = z
  .strictObject({ people: z.array(Person).max(50_000) })
  .superRefine(({ people }, context) => {
    const seen = new Set<string>();
    for (const [index, { id }] of people.entries()) {
      if (seen.has(id)) {
        const path = ['people', index, 'id'];
        context.addIssue({ code: 'custom', path, message: `a second person ${id}` });
      }
      seen.add(id);
    }
  });
export type Directory = z.infer<typeof Directory>;

/** Reads a directory. @throws AppError `invalid` `directory.malformed` with the places in `details.problems` */
export function parseDirectory(input: unknown): Directory {
  return parseInput(Directory, input, 'directory.malformed');
}

/** The active people that a list of approvers names, by themselves, a group or a role. */
export function peopleNamed(directory: Directory, approvers: readonly Approver[]): Person[] {
  const { people, groups, roles } = approverSets(approvers);
  return directory.people.filter(
    (person) =>
      person.active &&
      (people.includes(person.id) ||
        person.groups.some((group) => groups.includes(group)) ||
        person.roles.some((role) => roles.includes(role))),
  );
}
