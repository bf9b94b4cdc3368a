import { conflict, systemActor } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { codeOfRejection } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { renamed } from '../../test/renamed.js';
import type { BusinessKeys } from '../business-key/business-keys.js';
import type { InstanceChanges } from './instance-changes.js';
import { SignalsHandler } from './signals.handler.js';

const id = '0b8d4a35-7d0c-5a55-8f47-3a1c0c6c2a01';
const context: CommandContext = {
  commandId: id,
  commandHash: 'a'.repeat(64),
  correlationId: id,
  causationId: id,
  actor: systemActor('test'),
};
const body = { template: 'review', businessKey: 'K-1', name: 'papers', payload: {}, ttl: 'P1D' };

/** Signals to a key that is just being started the first so many times that it is looked at. */
function signalling(busyTimes: number) {
  let looks = 0;
  const keys: Pick<BusinessKeys, 'holdersOf' | 'keep'> = {
    holdersOf() {
      looks += 1;
      return looks <= busyTimes
        ? Promise.reject(conflict('workflow.business-key-busy', 'it is just being started'))
        : Promise.resolve([]);
    },
    keep: () => Promise.resolve('7'),
  };
  const changes: Pick<InstanceChanges, 'causeOf'> = {
    causeOf: () => ({ requester: 'test', now: new Date(0), organisation: renamed({}) }),
  };
  const handler = new SignalsHandler(changes as InstanceChanges, keys as BusinessKeys);
  return handler.signalByKey(body, context);
}

describe('a signal by business key', () => {
  it('waits while the key is just being started', async () => {
    expect(await signalling(3)).toMatchObject({ outcome: 'kept', position: '7' });
  });

  it('gives up after a while', async () => {
    expect(await codeOfRejection(signalling(100))).toBe('workflow.business-key-busy');
  });
});
