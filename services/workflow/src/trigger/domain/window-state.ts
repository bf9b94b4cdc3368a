import type { TriggerEvent } from '@countersign/contracts';
import type { Aggregate } from '@countersign/kernel';

import { addEntry, emptyWindow, type WindowState } from './threshold-window.js';
import { entryText, parseEntry } from './window-entry.js';

export const windowAggregate: Aggregate<WindowState, TriggerEvent> = {
  category: 'thresholdwindow',
  initialState: emptyWindow,
  evolve(state, event) {
    switch (event.type) {
      case 'trigger.window-counted': {
        const { entry, armed, windowMs } = event.data;
        return addEntry(state, parseEntry(entry), armed, windowMs);
      }
      case 'trigger.window-rearmed':
        return { ...state, armed: true };
      case 'trigger.window-continued': {
        const { entries, newest, horizon, armed } = event.data;
        return { entries: entries.map(parseEntry), newest, horizon, armed };
      }
      default:
        return state;
    }
  },
};

/** A window for an event, without what every such event says. */
export function windowSnapshot({ entries, ...rest }: WindowState) {
  return { ...rest, entries: entries.map(entryText) };
}
