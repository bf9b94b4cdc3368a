import { CONTROLS, isPersonId, parseInput } from '@countersign/kernel';
import { z } from 'zod';

import { Calendar } from './calendar.js';

/** Of a person or a login: nothing that could be taken for a part of the product, a role or a group, or for another. */
const PersonId = z.string().min(1).max(200).refine(isPersonId, 'not an id of a person');

const PlainText = z.string().refine((text) => !CONTROLS.test(text), 'characters that do not show');

/** A person who may be asked, as the organisation knows them. */
export const Person = z.strictObject({
  id: PersonId,
  name: PlainText.min(1).max(200),
  roles: z.array(z.string().min(1).max(100)).max(100).default([]),
  groups: z.array(z.string().min(1).max(100)).max(100).default([]),
  /** Whoever has left stays in the records and is asked no more. */
  active: z.boolean().default(true),
  /** Other subjects of tokens that are this person: people are compared, not logins. */
  logins: z.array(PersonId).max(20).optional(),
});
export type Person = z.infer<typeof Person>;

/** People, their roles and their groups, and the calendars that deadlines run in. */
export const Directory = z
  .strictObject({
    people: z.array(Person).max(50_000),
    calendars: z.array(Calendar).max(100).optional(),
  })
  .superRefine(({ people, calendars = [] }, context) => {
    const once = (seen: Set<string>, name: string, path: (string | number)[], what: string) => {
      if (seen.has(name)) {
        context.addIssue({ code: 'custom', path, message: `a second ${what} ${name}` });
      }
      seen.add(name);
    };
    const seen = new Set<string>();
    for (const [index, { id }] of people.entries()) {
      once(seen, id, ['people', index, 'id'], 'person');
    }
    for (const [index, { logins = [] }] of people.entries()) {
      for (const [at, login] of logins.entries()) {
        once(seen, login, ['people', index, 'logins', at], 'person');
      }
    }
    const names = new Set<string>();
    for (const [index, { name }] of calendars.entries()) {
      once(names, name, ['calendars', index, 'name'], 'calendar');
    }
  });
export type Directory = z.infer<typeof Directory>;

/** Reads a directory. @throws AppError `invalid` `directory.malformed` with the places in `details.problems` */
export function parseDirectory(input: unknown): Directory {
  return parseInput(Directory, input, 'directory.malformed');
}
