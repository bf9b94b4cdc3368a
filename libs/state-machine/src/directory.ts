import { isDisplayName, isPersonId, isPlainName, parseInput } from '@countersign/kernel';
import { z } from 'zod';

import { Calendar } from './calendar.js';

/** Of a person or a login. */
const PersonId = z.string().min(1).max(200);

/** A person who may be asked, as the organisation knows them. Names as they are recorded: see `NewDirectory`. */
export const Person = z.strictObject({
  id: PersonId,
  name: z.string().min(1).max(200),
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

const NOT_PLAIN =
  'has blanks around it, characters that do not show, or is not in Unicode form NFKC';
const NOT_AN_ID = `${NOT_PLAIN}; or begins as a part of the product, a role or a group does`;

/** As it may come in: no id, login, role or group could be taken for another, and names show what they are. */
export const NewDirectory = Directory.superRefine(({ people }, context) => {
  for (const [index, { id, name, roles, groups, logins = [] }] of people.entries()) {
    const problem = (path: (string | number)[], message: string) => {
      context.addIssue({ code: 'custom', path: ['people', index, ...path], message });
    };
    if (!isPersonId(id)) problem(['id'], NOT_AN_ID);
    if (!isDisplayName(name)) problem(['name'], NOT_PLAIN);
    for (const [member, names, isFine, message] of [
      ['roles', roles, isPlainName, NOT_PLAIN],
      ['groups', groups, isPlainName, NOT_PLAIN],
      ['logins', logins, isPersonId, NOT_AN_ID],
    ] as const) {
      for (const [at, each] of names.entries()) if (!isFine(each)) problem([member, at], message);
    }
  }
});

/** Reads a directory that comes in. @throws AppError `invalid` `directory.malformed` with the places in `details.problems` */
export function parseDirectory(input: unknown): Directory {
  return parseInput(NewDirectory, input, 'directory.malformed');
}
