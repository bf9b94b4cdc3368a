import type { DirectoryState } from '@countersign/contracts';
import { rule } from '@countersign/kernel';
import type { Directory } from '@countersign/state-machine';

/**
 * Records name people by id, and rules compare who that is today: so an id or login stays with its person, or goes to
 * another together with the person's id, as a login (a rename, or one person where there seemed to be two).
 *
 * @throws AppError `directory.identity-moved` with `details` `id` (or login), `from` and `to` (ids of people).
 */
export function mustKeepIdentities({ belongings }: DirectoryState, { people }: Directory): void {
  const next = personByName({ people });
  for (const [name, { person: before, wasId }] of belongings) {
    const after = next.get(name);
    const continuesAs = next.get(before);
    if (after === undefined) {
      // A login may be taken away; an id stands in records, which would be nobody's while the person is there.
      if (wasId && continuesAs !== undefined) throw moved(name, before, continuesAs, 'nobody');
    } else if (continuesAs !== after) {
      throw moved(name, before, after, after);
    }
  }
}

/** The id of the person whom each id and login of a directory means. */
function personByName({ people }: Directory): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const { id, logins = [] } of people) {
    for (const name of [id, ...logins]) ids.set(name, id);
  }
  return ids;
}

function moved(id: string, from: string, heir: string, to: string): Error {
  const needed = to === 'nobody' ? id : from;
  return rule(
    'directory.identity-moved',
    `${id} belongs to ${from} and would be ${to}'s: list ${needed} among the logins of ${heir}, if that is the same person`,
    { details: { id, from, to } },
  );
}
