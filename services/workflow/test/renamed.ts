import { Organisation } from '@countersign/state-machine';

/** An organisation of people who were renamed: ids of today by those that they had. */
export function renamed(ids: Readonly<Record<string, string>>): Organisation {
  const people = Object.entries(ids).map(([login, id]) => {
    return { id, name: login, roles: [], groups: [], active: true, logins: [login] };
  });
  return new Organisation({ people });
}
