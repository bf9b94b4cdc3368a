import { canonicalJson, type Json, segment } from '@countersign/kernel';
import type { WorkflowDefinition } from '@countersign/state-machine';

/** One difference between two definitions. */
export interface DefinitionChange {
  readonly kind: 'added' | 'removed' | 'changed' | 'reordered';
  readonly what: 'definition' | 'state' | 'transition' | 'field' | 'protection';
  /** Of the state, field or transition (`from --event--> to`) that it is about. */
  readonly name?: string;
  /** JSON pointer into the newer definition; of what was removed, into the older one. */
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

type Item = Readonly<Record<string, Json>>;
type What = DefinitionChange['what'];
type Subject = Pick<DefinitionChange, 'what' | 'name'>;

/** The members of a definition that are lists of things with a name, and by what two are the same thing. */
const lists: readonly {
  readonly member: string;
  readonly what: What;
  /** The narrowest comes first: what finds its like under one of them is not asked for the next. */
  readonly identities: readonly ((item: Item) => string)[];
  readonly nameOf: (item: Item) => string;
}[] = [
  named('states', 'state', 'name'),
  named('contextSchema', 'field', 'name'),
  named('protected', 'protection', 'state'),
  {
    member: 'transitions',
    what: 'transition',
    identities: [(item) => arrow(item), (item) => `${text(item, 'from')} ${text(item, 'event')}`],
    nameOf: (item) => arrow(item),
  },
];

function named(member: string, what: What, key: string) {
  const identity = (item: Item) => text(item, key);
  return { member, what, identities: [identity], nameOf: identity };
}

function arrow(item: Item): string {
  return `${text(item, 'from')} --${text(item, 'event')}--> ${text(item, 'to')}`;
}

function text(item: Item, member: string): string {
  const value = item[member];
  return typeof value === 'string' ? value : '';
}

/**
 * What is different in the newer of two definitions. States, fields and transitions are compared with those of
 * the same name, wherever they stand; other lists, such as approvers, as a whole. That transitions stand in
 * another order is a change of its own, as the first that may be taken is taken.
 */
export function diffDefinitions(
  older: WorkflowDefinition,
  newer: WorkflowDefinition,
): DefinitionChange[] {
  const before = older as unknown as Item;
  const after = newer as unknown as Item;
  const ownLists = new Set(lists.map(({ member }) => member));
  const without = (item: Item) =>
    Object.fromEntries(Object.entries(item).filter(([member]) => !ownLists.has(member)));
  return [
    ...membersChanged({ what: 'definition' }, '', without(before), without(after)),
    ...lists.flatMap((list) => listChanged(list, itemsOf(before, list), itemsOf(after, list))),
  ];
}

function itemsOf(definition: Item, { member }: { readonly member: string }): readonly Item[] {
  return (definition[member] ?? []) as unknown as readonly Item[];
}

function listChanged(
  { member, what, identities, nameOf }: (typeof lists)[number],
  before: readonly Item[],
  after: readonly Item[],
): DefinitionChange[] {
  const pairs = pair(before, after, identities);
  const paired = new Map(pairs.map(([old, now]) => [now, old]));
  const kept = new Set(pairs.map(([old]) => old));
  const gone = [...before.keys()].filter((index) => !kept.has(index));
  const changes: DefinitionChange[] = gone.map((index) => ({
    kind: 'removed',
    what,
    name: nameOf(before[index] ?? {}),
    path: `/${member}/${index}`,
    before: before[index] ?? null,
  }));
  for (const [index, item] of after.entries()) {
    const subject = { what, name: nameOf(item) };
    const path = `/${member}/${index}`;
    const old = paired.get(index);
    if (old === undefined) changes.push({ kind: 'added', ...subject, path, after: item });
    else changes.push(...membersChanged(subject, path, before[old] ?? {}, item));
  }
  const order = [...pairs].sort(([a], [b]) => a - b);
  if (what === 'transition' && order.some(([, now], at) => now < (order[at - 1]?.[1] ?? -1))) {
    const names = (items: readonly Item[]) => items.map(nameOf);
    const path = `/${member}`;
    changes.push({ kind: 'reordered', what, path, before: names(before), after: names(after) });
  }
  return changes;
}

/** Indexes of the items that are the same thing. */
function pair(
  before: readonly Item[],
  after: readonly Item[],
  identities: (typeof lists)[number]['identities'],
): readonly (readonly [number, number])[] {
  const left = new Set(before.keys());
  const pairs: (readonly [number, number])[] = [];
  const taken = new Set<number>();
  for (const identity of identities) {
    const open = Map.groupBy(left, (index) => identity(before[index] ?? {}));
    for (const [index, item] of after.entries()) {
      if (taken.has(index)) continue;
      const like = open.get(identity(item))?.shift();
      if (like === undefined) continue;
      left.delete(like);
      taken.add(index);
      pairs.push([like, index]);
    }
  }
  return pairs;
}

function membersChanged(
  subject: Subject,
  path: string,
  before: Item,
  after: Item,
): DefinitionChange[] {
  const members = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...members].flatMap((member): DefinitionChange[] => {
    const old = before[member];
    const now = after[member];
    const at = `${path}/${segment(member)}`;
    if (old === undefined && now !== undefined) {
      return [{ kind: 'added', ...subject, path: at, after: now }];
    }
    if (old === undefined || now === undefined) {
      return [{ kind: 'removed', ...subject, path: at, before: old ?? null }];
    }
    if (isObject(old) && isObject(now)) return membersChanged(subject, at, old, now);
    if (canonicalJson(old) === canonicalJson(now)) return [];
    return [{ kind: 'changed', ...subject, path: at, before: old, after: now }];
  });
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
