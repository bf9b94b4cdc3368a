/** So many different people out of these. */
export interface Demand {
  readonly people: ReadonlySet<string>;
  readonly needed: number;
}

/**
 * Whether every demand can be met at the same time with each person counted once: a bipartite matching,
 * found by augmenting paths (Kuhn). Demands are at most some hundred seats together.
 *
 * @param without somebody who is left out
 */
export function assignable(demands: readonly Demand[], without?: string): boolean {
  const [only] = demands;
  if (only !== undefined && demands.length === 1) {
    const left = without !== undefined && only.people.has(without) ? 1 : 0;
    return only.people.size - left >= only.needed;
  }
  const seats = demands.flatMap((demand) =>
    Array.from({ length: demand.needed }, () => demand.people),
  );
  const holder = new Map<string, number>();
  const place = (seat: number, tried: Set<string>): boolean => {
    for (const person of seats[seat] ?? []) {
      if (person === without || tried.has(person)) continue;
      tried.add(person);
      const other = holder.get(person);
      if (other === undefined || place(other, tried)) {
        holder.set(person, seat);
        return true;
      }
    }
    return false;
  };
  return seats.every((_, seat) => place(seat, new Set()));
}
