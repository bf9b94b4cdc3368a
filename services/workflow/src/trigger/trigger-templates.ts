import {
  ResolveTemplate,
  type TemplateVersionPublished,
  type Trigger,
} from '@countersign/contracts';
import { AppError, derivedId, newId, systemActor } from '@countersign/kernel';
import { CommandClient } from '@countersign/messaging';
import type { WorkflowDefinition } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { mustBeUnreserved, mustTakeSignal } from '../workflow/domain/signals.js';
import { Incidents } from './incidents.js';
import { Triggers } from './triggers.js';

type Published = z.output<(typeof TemplateVersionPublished)['schema']>;

/** The templates that triggers are for: that they are there, and have a use for what triggers signal. */
@Injectable()
export class TriggerTemplates {
  constructor(
    @Inject(CommandClient) private readonly commands: CommandClient,
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(Incidents) private readonly incidents: Incidents,
  ) {}

  /**
   * Whether workflows that are started now are what a trigger needs.
   *
   * @throws AppError `template.not-found` unless the template has a published version; `signal.reserved-name`,
   *   `workflow.unknown-signal` and `signal.sender-not-permitted` by that version
   */
  async check(trigger: Trigger): Promise<void> {
    const id = newId();
    const ids = { commandId: id, correlationId: id, causationId: id };
    const asked = { name: trigger.template };
    const actor = systemActor('trigger');
    const template = await this.commands.send(ResolveTemplate, asked, { ...ids, actor });
    mustBeHeard(trigger, template.definition);
  }

  /** Raises an incident for each trigger whose signal a new version has no use for, until it is resolved. */
  async published({ name, version, definition }: Published): Promise<void> {
    await this.triggers.catchUp();
    const concerned = this.triggers.all().map(({ compiled }) => compiled.trigger);
    for (const trigger of concerned) {
      if (trigger.template !== name) continue;
      const refused = refusalOf(() => {
        mustBeHeard(trigger, definition);
      });
      if (!refused) continue;
      const raised = {
        incidentId: derivedId('signal not heard', trigger.name, name),
        kind: 'trigger' as const,
        code: refused.code,
        message: `version ${version} of ${name}: ${refused.message}`,
        source: { template: name, version },
        trigger: trigger.name,
      };
      await this.incidents.raise(raised, String(version));
    }
  }
}

function mustBeHeard(trigger: Trigger, definition: WorkflowDefinition): void {
  if (!('signal' in trigger) || !trigger.signal) return;
  const { name } = trigger.signal;
  mustBeUnreserved(name);
  mustTakeSignal({ definition }, { name, payload: {}, sender: systemActor('trigger') });
}

function refusalOf(check: () => void): AppError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
