import type { IncidentEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { type Aggregate, Clock, notFound, rule, streamName } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { AggregateStore, type Outcome } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { triggerCommand } from './trigger-commands.js';

type Raised = Extract<IncidentEvent, { type: 'incident.raised' }>['data'];
type Outcomes = Extract<IncidentEvent, { type: 'incident.resolved' }>['data']['outcomes'];

/** An incident as it was raised last, and whether it is open. */
export interface Incident {
  readonly raised: Raised;
  readonly open: boolean;
}

const incidentAggregate: Aggregate<Incident | undefined, IncidentEvent> = {
  category: 'incident',
  initialState: undefined,
  evolve: (state, event) =>
    event.type === 'incident.raised'
      ? { raised: event.data, open: true }
      : state && { ...state, open: false },
};

/** What needs a person about triggers and messages. */
@Injectable()
export class Incidents {
  readonly #incidents: AggregateStore<Incident | undefined, IncidentEvent>;

  constructor(
    @Inject(EventStore) store: EventStore,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.#incidents = new AggregateStore(store, clock, incidentAggregate, 1_000);
  }

  /** Raised once for each cause; while it is open, another cause changes nothing. */
  async raise(raised: Raised, cause: string): Promise<void> {
    const { incidentId, message } = raised;
    const context = triggerCommand('raise', incidentId, cause);
    const event: IncidentEvent = {
      type: 'incident.raised',
      data: { ...raised, message: printable(message), raisedAt: this.clock.timestamp() },
    };
    await this.#incidents.execute(
      streamOf(incidentId),
      context,
      (known) => (known?.open ? [] : [event]),
      { fresh: true },
    );
  }

  /** @throws AppError `incident.not-found`. */
  async load(incidentId: string): Promise<Incident> {
    const incident = await this.#incidents.load(streamOf(incidentId));
    if (!incident) throw notFound('incident.not-found', 'there is no such incident');
    return incident;
  }

  /** @throws AppError `incident.resolved` when it is already. */
  resolve(
    incidentId: string,
    outcomes: Outcomes,
    context: CommandContext,
  ): Promise<Outcome<Incident | undefined>> {
    return this.#incidents.execute(streamOf(incidentId), context, (known) => {
      if (!known?.open) throw rule('incident.resolved', 'it is resolved already');
      const data = { ...known.raised, resolution: 'retried' as const, outcomes };
      return [{ type: 'incident.resolved', data }];
    });
  }
}

function streamOf(incidentId: string): string {
  return streamName(incidentAggregate.category, incidentId);
}

function printable(message: string): string {
  return message.slice(0, 1_000).toWellFormed().replaceAll('\u0000', '?');
}
