import {
  CloudEvent,
  DEAD_LETTERS_STREAM,
  EVENTS_STREAM,
  eventTypes,
  type EventType,
  PARTITIONS,
  TRADES_STREAM,
} from '@countersign/contracts';
import { POSITION_HEADER, SIGNATURE_HEADER } from '@countersign/messaging';
import { z } from 'zod';

import { JsonSchemas } from './json-schemas.js';
import { namedSchemas } from './named-schemas.js';

const ABOUT = `What is published on NATS, and what may be.

Every event of the record is published once to JetStream stream \`${EVENTS_STREAM}\` as a structured CloudEvent, with its id as \`Nats-Msg-Id\`.
Events of one workflow, approval or other stream keep their order within their partition (0 to ${PARTITIONS - 1}); ids may repeat after a crash, so compare them.
Data of an event type only ever gets further optional members; anything else is a new version in \`type\`.

A subscriber with an account has a durable consumer made, or its filter changed, by a request on \`feed.open.<durable>\` with \`{"events": ["approval.granted"]}\`;
in its account JetStream's interface to that consumer has the prefix \`feed\` in place of \`$JS.API\`.`;

const header = (description: string) => ({ type: 'string', description });

const EVENT_HEADERS = {
  type: 'object',
  required: ['Nats-Msg-Id', 'Content-Type', POSITION_HEADER, SIGNATURE_HEADER],
  properties: {
    'Nats-Msg-Id': header('the event’s id'),
    'Content-Type': { const: 'application/cloudevents+json' },
    [POSITION_HEADER]: header("the event's place in the store's global order: opaque"),
    [SIGNATURE_HEADER]: header(
      'HMAC-SHA256, base64url, of the subject, a line feed and the payload, under the key that the services share. Services check it; subscribers without the key may ignore it.',
    ),
  },
};

/**
 * The AsyncAPI 3.0 document: events by subject, messages from upstream, dead letters.
 *
 * @param natsUrl where the product finds NATS; its credentials are left out.
 */
export function asyncApi(natsUrl: string): object {
  const schemas = new JsonSchemas(namedSchemas);
  const events = eventTypes.map((type) => ({ type, id: identifier(type.type) }));
  const messages = events.map(({ type, id }) => [id, eventMessage(type, schemas)] as const);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Countersign events', version: '1', description: ABOUT },
    defaultContentType: 'application/json',
    servers: {
      nats: { host: hostOf(natsUrl), protocol: 'nats', description: 'NATS with JetStream' },
    },
    channels: {
      ...Object.fromEntries(events.map(({ type, id }) => [id, eventChannel(type, id)])),
      trades: {
        address: 'trades.>',
        description: `Anything JSON that an upstream publishes below \`trades.\`; JetStream stream ${TRADES_STREAM} keeps it. EVENT triggers start workflows from it.`,
        messages: { trade: { $ref: '#/components/messages/trade' } },
      },
      deadLetters: {
        address: 'dead.trades.>',
        description: `What could not be used, whole, in JetStream stream ${DEAD_LETTERS_STREAM}: below \`dead.\`, under the subject that it came by. Each raises an incident.`,
        messages: { deadLetter: { $ref: '#/components/messages/deadLetter' } },
      },
    },
    operations: {
      ...Object.fromEntries(
        events.map(({ type, id }) => [
          `publish-${id}`,
          operation('send', id, `Countersign publishes ${type.type}`),
        ]),
      ),
      takeTrades: operation('receive', 'trades', 'Countersign takes what upstream systems publish'),
      putAside: operation('send', 'deadLetters', 'Countersign puts aside what it cannot use'),
    },
    components: {
      messages: { ...Object.fromEntries(messages), trade: TRADE, deadLetter: DEAD_LETTER },
      schemas: schemas.named,
    },
  };
}

const TRADE = {
  contentType: 'application/json',
  summary: 'A message from upstream',
  payload: { type: 'object' },
  headers: {
    type: 'object',
    properties: {
      'Nats-Msg-Id': header(
        'optional: JetStream drops what it got under the same id within ten minutes',
      ),
    },
  },
};

const DEAD_LETTER = {
  summary: 'A message that could not be used, byte by byte',
  payload: {},
  headers: {
    type: 'object',
    required: ['Countersign-Reason', 'Countersign-Source'],
    properties: {
      'Countersign-Reason': header('`<code>: <sentence>`'),
      'Countersign-Source': header('id of the message that it was'),
      'Countersign-Left-Out': header(
        'present when the message was too large to be put aside whole',
      ),
    },
  },
};

/** Host and port of the first server of a list. */
function hostOf(natsUrl: string): string {
  const [first = ''] = natsUrl.split(',');
  const url = new URL(first.includes('://') ? first.trim() : `nats://${first.trim()}`);
  return `${url.hostname}:${url.port || '4222'}`;
}

/** `workflow.transition-requested` as a name that identifiers may have. */
const identifier = (type: string): string => type.replaceAll('.', '-');

function eventChannel({ type }: EventType, id: string): object {
  return {
    address: `evt.${type}.{partition}`,
    parameters: {
      partition: {
        description: `32-bit FNV-1a of the stream's name, modulo ${PARTITIONS}`,
        enum: Array.from({ length: PARTITIONS }, (_, index) => String(index)),
      },
    },
    messages: { event: { $ref: `#/components/messages/${id}` } },
  };
}

function operation(action: 'send' | 'receive', channel: string, summary: string): object {
  return { action, channel: { $ref: `#/channels/${channel}` }, summary };
}

function eventMessage({ type, version, schema }: EventType, schemas: JsonSchemas): object {
  const [category = ''] = type.split('.');
  const envelope = CloudEvent.extend({
    source: z.literal(`/countersign/${category}`),
    type: z.literal(`countersign.${type}.v${version}`),
    data: schema,
  });
  return {
    name: `countersign.${type}.v${version}`,
    summary: type,
    contentType: 'application/cloudevents+json',
    headers: EVENT_HEADERS,
    payload: schemas.of(envelope).schema,
  };
}
