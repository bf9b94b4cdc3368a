import { EventFeeds } from '@countersign/messaging';
import { PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

/** Answers subscribers on NATS for as long as the gateway runs. */
@Injectable()
export class EventFeedsHost implements OnModuleInit, OnModuleDestroy {
  readonly #feeds: EventFeeds;

  constructor(@Inject(PLATFORM) { bus, log }: Platform) {
    this.#feeds = new EventFeeds(bus, log);
  }

  onModuleInit(): void {
    this.#feeds.start();
  }

  onModuleDestroy(): void {
    this.#feeds.stop();
  }
}
