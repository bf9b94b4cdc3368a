/** Where a node stands in a layered drawing, both from 0: its layer, and its place within that. */
export interface Placement {
  readonly layer: number;
  readonly order: number;
}

/**
 * Layers for drawing a directed graph: each node lies one layer behind the last of those that lead to it, where
 * edges that close a circle or lead to the first node (`back`) do not count. Within a layer nodes follow the average place of those before
 * them, then the given order. Deterministic; takes time in proportion to nodes and edges, but for the sorting.
 *
 * Longest-path layering and one barycentre sweep, after Sugiyama, Tagawa and Toda (1981).
 *
 * @param nodes in the order of preference; the search for circles starts with the first
 * @param edges pairs of nodes; those of unknown nodes do not count
 */
export function layers(
  nodes: readonly string[],
  edges: readonly { readonly from: string; readonly to: string }[],
): { placements: ReadonlyMap<string, Placement>; back: ReadonlySet<number> } {
  const known = new Set(nodes);
  const outgoing = new Map<string, { index: number; to: string }[]>(
    nodes.map((node) => [node, []]),
  );
  for (const [index, { from, to }] of edges.entries()) {
    if (known.has(to)) outgoing.get(from)?.push({ index, to });
  }
  const { finished, back } = depthFirst(nodes, outgoing);

  const layerOf = new Map<string, number>(nodes.map((node) => [node, 0]));
  const before = new Map<string, string[]>(nodes.map((node) => [node, []]));
  // The last to finish comes first: every edge but the back ones leads on.
  for (const node of finished.toReversed()) {
    for (const { index, to } of outgoing.get(node) ?? []) {
      if (back.has(index)) continue;
      before.get(to)?.push(node);
      layerOf.set(to, Math.max(layerOf.get(to) ?? 0, (layerOf.get(node) ?? 0) + 1));
    }
  }

  const placements = new Map<string, Placement>();
  const byLayer = Map.groupBy(nodes, (node) => layerOf.get(node) ?? 0);
  for (const layer of [...byLayer.keys()].sort((a, b) => a - b)) {
    const weighed = (byLayer.get(layer) ?? []).map((node) => {
      const orders = (before.get(node) ?? []).map((each) => placements.get(each)?.order ?? 0);
      const sum = orders.reduce((total, order) => total + order, 0);
      return { node, weight: orders.length === 0 ? 0 : sum / orders.length };
    });
    weighed.sort((a, b) => a.weight - b.weight);
    for (const [order, { node }] of weighed.entries()) placements.set(node, { layer, order });
  }
  return { placements, back };
}

/** Nodes in the order in which they are done with, and the edges that lead back to one that is not yet, or to the first. */
function depthFirst(
  nodes: readonly string[],
  outgoing: ReadonlyMap<string, readonly { readonly index: number; readonly to: string }[]>,
): { finished: string[]; back: Set<number> } {
  const finished: string[] = [];
  const back = new Set<number>();
  const state = new Map<string, 'open' | 'done'>();
  for (const root of nodes) {
    if (state.has(root)) continue;
    state.set(root, 'open');
    const stack = [{ node: root, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = outgoing.get(top.node)?.[top.next++];
      if (edge === undefined) {
        state.set(top.node, 'done');
        finished.push(top.node);
        stack.pop();
      } else if (edge.to === nodes[0] || state.get(edge.to) === 'open') {
        back.add(edge.index);
      } else if (!state.has(edge.to)) {
        state.set(edge.to, 'open');
        stack.push({ node: edge.to, next: 0 });
      }
    }
  }
  return { finished, back };
}
