import {
  directoryAggregate,
  DIRECTORY_STREAM,
  type DirectoryEvent,
  type DirectoryState,
} from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { AggregateStore, type Outcome } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

/** The one directory. It stays in memory however large it is: each command needs all of it. */
@Injectable()
export class Directories {
  readonly #stored: AggregateStore<DirectoryState, DirectoryEvent>;

  constructor(@Inject(EventStore) store: EventStore, @Inject(Clock) clock: Clock) {
    const anySize = Number.MAX_SAFE_INTEGER;
    this.#stored = new AggregateStore(store, clock, directoryAggregate, 1, anySize);
  }

  execute(
    context: CommandContext,
    decide: (state: DirectoryState) => readonly DirectoryEvent[],
  ): Promise<Outcome<DirectoryState>> {
    return this.#stored.execute(DIRECTORY_STREAM, context, decide);
  }
}
