import { PublishTemplate, SaveTemplateDraft, SubmitTemplate } from '@countersign/contracts';
import { ADMINISTRATORS, newId, SystemClock, systemActor } from '@countersign/kernel';
import { BusSigner, CommandClient, connectBus } from '@countersign/messaging';

import type { RunningProduct } from './product.js';

const definitions = [
  {
    name: 'bench_straight_through',
    initial: 'new',
    states: [{ name: 'new' }, { name: 'done', final: 'completed' as const }],
    transitions: [{ event: 'finish', from: 'new', to: 'done', trigger: 'automatic' as const }],
  },
  {
    name: 'bench_one_approval',
    initial: 'new',
    states: [
      { name: 'new' },
      { name: 'done', final: 'completed' as const },
      { name: 'refused', final: 'completed' as const },
    ],
    transitions: [
      {
        event: 'approve',
        from: 'new',
        to: 'done',
        trigger: 'automatic' as const,
        requiresApproval: {
          level: 'SINGLE' as const,
          approvers: ['group:trade-approvers'],
          onRejected: 'refused',
        },
      },
    ],
  },
  {
    name: 'bench_ping_pong',
    initial: 'ping',
    states: [{ name: 'ping' }, { name: 'pong' }, { name: 'end', final: 'completed' as const }],
    transitions: [
      { event: 'go', from: 'ping', to: 'pong' },
      { event: 'go', from: 'pong', to: 'ping' },
      { event: 'stop', from: 'ping', to: 'end' },
    ],
  },
];

/** Publishes the templates that the workloads start, as it is done: by two. */
export async function publishTemplates({ natsUrl, busKey }: RunningProduct): Promise<void> {
  const bus = await connectBus(natsUrl, 'bench');
  const commands = new CommandClient(bus, new BusSigner(busKey), new SystemClock());
  const as = (name: string) => {
    const id = newId();
    return {
      commandId: id,
      correlationId: id,
      causationId: id,
      actor: { ...systemActor(name), groups: [ADMINISTRATORS] },
    };
  };
  for (const definition of definitions) {
    const { name, version } = await commands.send(
      SaveTemplateDraft,
      { definition },
      as('bench-author'),
    );
    await commands.send(SubmitTemplate, { name, version }, as('bench-author'));
    await commands.send(PublishTemplate, { name, version }, as('bench-reviewer'));
  }
  await bus.close();
}
