import type { TemplateEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, derivedId, streamName } from '@countersign/kernel';
import { AggregateStore } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { templateAggregate, type TemplateState } from './domain/state.js';

/** All templates, each in a stream named after its name. */
@Injectable()
export class Templates extends AggregateStore<TemplateState, TemplateEvent> {
  constructor(@Inject(EventStore) store: EventStore, @Inject(Clock) clock: Clock) {
    super(store, clock, templateAggregate, 1_000);
  }

  static streamOf(name: string): string {
    return streamName(templateAggregate.category, derivedId('template', name));
  }
}
