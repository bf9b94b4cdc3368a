/** The change of the directory by which somebody came to be what they are. */
export interface Origin {
  /** Of the directory, with that change. */
  readonly revision: number;
  /** The id of the person who made it; null when that is not on record. */
  readonly by: string | null;
  /** By which changes that person had come to be who may make one: none, as far as no person made them. */
  readonly through: readonly Origin[];
}

/**
 * Of each name that somebody has (id, logins, `role:x`, `group:x`); a name that no person gave is not there. One
 * origin is that of all their names.
 */
export type Origins = Origin | ReadonlyMap<string, Origin>;

/** Whose changes do not count, and from when: those after the directory's revision `since`. */
export interface Distrust {
  readonly since: number;
  /** Ids of people. Whatever is not on record to be another's may be theirs. */
  readonly of: ReadonlySet<string>;
}

export function originOf(origins: Origins | undefined, name: string): Origin | undefined {
  return origins === undefined || 'revision' in origins ? origins : origins.get(name);
}

const FORMER = 'former:';

/** Under which name it is kept by whose change a login was somebody's that is not any more. */
export const formerLogin = (login: string): string => `${FORMER}${login}`;

/** Logins that a person gave somebody and that were taken away, as `formerLogin` names them. */
export function formerLogins(origins: Origins | undefined): string[] {
  if (origins === undefined || 'revision' in origins) return [];
  return [...origins.keys()].filter((name) => name.startsWith(FORMER));
}

/** Everybody by whose changes after a revision something is what it is; null for whoever is not on record. */
export function authorsSince(
  origin: Origin | undefined,
  since: number,
): ReadonlySet<string | null> {
  const authors = new Set<string | null>();
  const seen = new Set<Origin>();
  const open = origin === undefined ? [] : [origin];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    // What an author was made through is older than what they made.
    if (next.revision <= since || seen.has(next)) continue;
    seen.add(next);
    authors.add(next.by);
    open.push(...next.through);
  }
  return authors;
}

/**
 * Who among those who are distrusted made a change that something rests on: that change itself, or one that made its
 * author who they were. Null when it may be one of them; undefined when it is none.
 *
 * @param personOf whose an id is today
 */
export function culprit(
  origin: Origin | undefined,
  { since, of }: Distrust,
  personOf: (id: string) => string,
): string | null | undefined {
  for (const by of authorsSince(origin, since)) {
    if (by === null) return null;
    const person = personOf(by);
    if (of.has(person)) return person;
  }
  return undefined;
}
