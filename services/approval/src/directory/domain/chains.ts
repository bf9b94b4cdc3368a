import { type DelegationTerms, MAX_DELEGATION_CHAIN } from '@countersign/state-machine';

/** Of a delegation, what decides where it leads and when. Times are RFC 3339 in UTC, as `toISOString` has them. */
type Link = Pick<DelegationTerms, 'from' | 'to' | 'start' | 'end'>;
type Direction = 'onward' | 'back';

/** What a delegation would make of those that there are. */
export type Fault = 'cycle' | 'too-long';

/**
 * Whether at any moment, with one delegation more, somebody could come to decide for themselves, or delegations would
 * follow one another in a longer chain than counts. What they cover is not looked at: it may change who is meant.
 */
export function faultOf(added: Link, others: Iterable<Link>): Fault | undefined {
  const near = [...others].filter((link) => overlap(link, added) !== undefined);
  const onward = reach(added, 'onward', byPerson(near, 'from'));
  if (onward.some(({ person }) => person === added.from)) return 'cycle';
  const back = reach(added, 'back', byPerson(near, 'to'));
  const tooLong = onward.some((ahead) =>
    back.some(
      (behind) =>
        ahead.length + 1 + behind.length > MAX_DELEGATION_CHAIN &&
        overlap(ahead, behind) !== undefined,
    ),
  );
  return tooLong ? 'too-long' : undefined;
}

/** Whether at any moment, with one delegation more, somebody could act by it, directly or for whoever gets it. */
export function leadsTo(person: string, added: Link, others: readonly Link[]): boolean {
  return reach(added, 'onward', byPerson(others, 'from')).some((way) => way.person === person);
}

interface Period {
  readonly start: string;
  readonly end: string;
}

/** Somebody at the end of some delegations that hold at the same time. */
interface Reached extends Period {
  readonly person: string;
  readonly length: number;
}

/** Everybody who is reached from a delegation, by every way that is not longer than what is too long. */
function reach(
  added: Link,
  direction: Direction,
  links: ReadonlyMap<string, readonly Link[]>,
): readonly Reached[] {
  const first = direction === 'onward' ? added.to : added.from;
  const all: Reached[] = [{ person: first, length: 0, start: added.start, end: added.end }];
  for (const way of all) {
    if (way.length === MAX_DELEGATION_CHAIN) continue;
    for (const link of links.get(way.person) ?? []) {
      const period = overlap(way, link);
      if (period === undefined) continue;
      const person = direction === 'onward' ? link.to : link.from;
      all.push({ person, length: way.length + 1, ...period });
    }
  }
  return all;
}

function overlap(a: Period, b: Period): Period | undefined {
  const start = a.start > b.start ? a.start : b.start;
  const end = a.end < b.end ? a.end : b.end;
  return start < end ? { start, end } : undefined;
}

function byPerson(
  links: readonly Link[],
  end: 'from' | 'to',
): ReadonlyMap<string, readonly Link[]> {
  return Map.groupBy(links, (link) => link[end]);
}
