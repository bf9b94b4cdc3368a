import { RetryIncident } from '@countersign/contracts';
import { type JsonObject, notFound, rule } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { mustBeAdmin } from './admins.js';
import type { CompiledEvent, CompiledThreshold } from './domain/compiled-trigger.js';
import { parseMessage } from './domain/message.js';
import { type Incident, Incidents } from './incidents.js';
import { MessageFiring, type MessageOutcome } from './message-firing.js';
import { Schedules } from './schedules.js';
import { StoredMessages } from './stored-messages.js';
import type { StreamMessage } from './stream-message.js';
import { TriggerTemplates } from './trigger-templates.js';
import { type Registered, Triggers } from './triggers.js';

type Raised = Incident['raised'];
type Reply = z.output<typeof RetryIncident.reply>;
type Outcomes = Reply['outcomes'];
type Listener = Registered<CompiledEvent | CompiledThreshold>;

/** Tries again what an incident is about. It is resolved by that, or stays as it is. */
@Injectable()
export class IncidentRetry {
  constructor(
    @Inject(Incidents) private readonly incidents: Incidents,
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(Schedules) private readonly schedules: Schedules,
    @Inject(MessageFiring) private readonly firing: MessageFiring,
    @Inject(TriggerTemplates) private readonly templates: TriggerTemplates,
    @Inject(StoredMessages) private readonly messages: StoredMessages,
  ) {}

  /**
   * The firing is the one that failed, under its own ids: it starts nothing twice. For a subject that nobody
   * listened to, it is the first message that is tried.
   *
   * @throws AppError `trigger.not-allowed`, `incident.not-found`, `incident.resolved`, `incident.message-gone`,
   *   `trigger.not-found`, `trigger.paused`, `trigger.none-listens`, or why it fails once more.
   */
  async retry(
    { incidentId }: z.output<typeof RetryIncident.body>,
    context: CommandContext,
  ): Promise<Reply> {
    mustBeAdmin(context.actor);
    const { raised, open } = await this.incidents.load(incidentId);
    const outcomes = open ? await this.#again(raised) : [];
    const { events, position } = await this.incidents.resolve(incidentId, outcomes, context);
    const [stored] = events;
    const first = (stored?.data['outcomes'] ?? outcomes) as Outcomes;
    return { incidentId, status: 'RESOLVED', outcomes: first, position };
  }

  async #again(raised: Raised): Promise<Outcomes> {
    const { source } = raised;
    await this.triggers.catchUp();
    if ('schedule' in source) {
      const { compiled } = this.#named(raised.trigger);
      if (compiled.type !== 'SCHEDULED') throw notFound('trigger.not-found', 'it has no schedule');
      const { schedule: time, sequence } = source;
      const { outcome, workflowId } = await this.schedules.fire(compiled, { time, sequence });
      return [outcomeOf(compiled.trigger.name, { outcome, workflowId })];
    }
    if ('template' in source) {
      const { trigger } = this.#named(raised.trigger).compiled;
      await this.templates.check(trigger);
      return [{ trigger: trigger.name, outcome: 'heard' }];
    }
    const message = await this.#read(raised, source.subject);
    const content = parseMessage(message.data);
    const outcomes: Outcomes = [];
    for (const listener of this.#concerned(raised, source.subject)) {
      const fired = await this.#fire(listener, content, message, raised);
      if (fired.outcome === 'failed') throw fired.reason;
      outcomes.push(outcomeOf(listener.compiled.trigger.name, fired));
    }
    return outcomes;
  }

  #fire(
    listener: Listener,
    content: JsonObject,
    message: StreamMessage,
    { crossed }: Raised,
  ): Promise<MessageOutcome> {
    const { compiled } = listener;
    return crossed && compiled.type === 'THRESHOLD'
      ? this.firing.cross(compiled, content, message, crossed)
      : this.firing.fire(listener, content, message);
  }

  async #read({ deadLetter, messageId = '' }: Raised, subject: string): Promise<StreamMessage> {
    const message = deadLetter
      ? await this.messages.deadLetter(deadLetter.sequence, subject)
      : await this.messages.trade(messageId);
    if (message) return message;
    throw rule('incident.message-gone', 'the message is in no stream any more');
  }

  /** The one trigger that failed, or all that listen to a message that nobody could read. */
  #concerned({ trigger }: Raised, subject: string): readonly Listener[] {
    if (trigger !== undefined) {
      const registered = this.#named(trigger);
      if ('listensTo' in registered.compiled) return [registered as Listener];
      throw notFound('trigger.not-found', `${trigger} does not listen to messages any more`);
    }
    const active = this.triggers.listeningTo(subject).filter(({ status }) => status === 'ACTIVE');
    if (active.length > 0) return active;
    throw rule('trigger.none-listens', `no trigger listens to ${subject}`);
  }

  #named(name: string | undefined): Registered {
    const registered = this.triggers.all().find(({ compiled }) => compiled.trigger.name === name);
    if (!registered) throw notFound('trigger.not-found', 'its trigger is there no more');
    if (registered.status === 'PAUSED') throw rule('trigger.paused', `${name ?? ''} is paused`);
    return registered;
  }
}

function outcomeOf(
  trigger: string,
  fired: { readonly outcome: string; readonly workflowId?: string | undefined },
): Outcomes[number] {
  const { outcome, workflowId } = fired;
  return { trigger, outcome, ...(workflowId === undefined ? {} : { workflowId }) };
}
