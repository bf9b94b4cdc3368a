import { EVENTS_STREAM, TRADES_STREAM } from '@countersign/contracts';
import { eventually } from '@countersign/testing';
import { jetstreamManager } from '@nats-io/jetstream';

import { readPublished, readStore } from './audit.js';
import { connectAsService } from './bus.js';
import { projected } from './read-tables.js';
import type { TestSystem } from './system.js';

/**
 * Waits until nothing is under way any more: every stored event is published, every message is
 * acknowledged by whoever acts on it, and the read tables hold everything. Messages that a killed
 * process had in hand come again after ten seconds.
 */
export async function settled(system: TestSystem, within = 90_000): Promise<void> {
  const bus = await connectAsService(system.nats);
  try {
    const manager = await jetstreamManager(bus);
    const idle = async () => {
      for (const stream of [EVENTS_STREAM, TRADES_STREAM]) {
        for await (const consumer of manager.consumers.list(stream)) {
          // Those of tests come and go; those of services have a place of their own.
          if (consumer.config.durable_name === undefined) continue;
          if (consumer.num_pending + consumer.num_ack_pending > 0) return false;
        }
      }
      return true;
    };
    const level = async () => {
      const [stored, published] = await Promise.all([readStore(system), readPublished(system)]);
      return new Set(published.map(({ event }) => event.id)).size >= stored.length && stored.length;
    };
    await eventually(
      async () => {
        const before = (await idle()) && (await level());
        return before !== false && (await idle()) && (await level()) === before;
      },
      { within, every: 250 },
    );
  } finally {
    await bus.close();
  }
  await projected(system);
}
