import { DEAD_LETTERS_STREAM, EVENTS_STREAM, TRADES_STREAM } from '@countersign/contracts';
import {
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';

/** How long JetStream recognises a message that is published again. */
export const DUPLICATE_WINDOW_MS = 10 * 60_000;

const streams = [
  { name: EVENTS_STREAM, subjects: ['evt.>'] },
  { name: TRADES_STREAM, subjects: ['trades.>'] },
  { name: DEAD_LETTERS_STREAM, subjects: ['dead.>'] },
] as const;

/**
 * Creates the product's streams where they are missing. What is there stays as the operator set it
 * up, as long as it catches the right subjects: older servers drop what they do not know without a
 * word, so what is relied upon is read back.
 *
 * @throws Error when a stream of that name catches other subjects.
 */
export async function ensureStreams(manager: JetStreamManager): Promise<void> {
  for (const { name, subjects } of streams) {
    const wanted: Partial<StreamConfig> & { name: string } = {
      name,
      subjects: [...subjects],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      allow_direct: true,
    };
    const { config } = await manager.streams
      .info(name)
      .catch(() => manager.streams.add(wanted))
      .catch(() => manager.streams.info(name));
    if (!subjects.every((subject) => config.subjects.includes(subject))) {
      throw new Error(`JetStream stream ${name} does not catch ${subjects.join(', ')}`);
    }
  }
}
