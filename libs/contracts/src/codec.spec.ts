import { CorruptDataError, type JsonObject } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';

import { decodeEvent, encodeEvent } from './codec.js';
import { eventTypes } from './events/registry.js';

const folder = new URL('../fixtures/', import.meta.url);

interface Fixture {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: Record<string, never>;
}

const fixtures = readdirSync(folder).map((file) => ({
  file,
  ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture),
}));

describe('event codec', () => {
  it('has a golden fixture of every version of every event type', () => {
    const wanted = eventTypes.flatMap(({ type, version }) =>
      Array.from({ length: version }, (_, index) => `${type}.v${index + 1}.json`),
    );
    expect(fixtures.map(({ file }) => file).sort()).toEqual(wanted.sort());
  });

  it.each(fixtures)('reads $file as it was written', ({ type, schemaVersion, data }) => {
    const stored = { stream: 'x-1', revision: 0, type, schemaVersion, data };
    const decoded = decodeEvent(stored);
    expect(decoded.data).toEqual(data);
    expect(encodeEvent(decoded)).toEqual({ type, schemaVersion, data });
  });

  it('refuses to write what the schema does not know, and ignores it on reading', () => {
    const fixture = fixtures.find(({ type }) => type === 'approval.granted');
    const data: JsonObject = { ...fixture?.data, surprise: true };
    expect(() => encodeEvent({ type: 'approval.granted', data })).toThrow(CorruptDataError);
    const stored = { stream: 'x-1', revision: 0, type: 'approval.granted', schemaVersion: 1, data };
    expect(decodeEvent(stored).data).toEqual(fixture?.data);
  });

  it('names the place of corrupt data', () => {
    const stored = {
      stream: 'approval-7',
      revision: 3,
      type: 'approval.granted',
      schemaVersion: 1,
    };
    expect(() => decodeEvent({ ...stored, data: {} })).toThrow(/approval-7@3/);
    expect(() => decodeEvent({ ...stored, schemaVersion: 9, data: {} })).toThrow(CorruptDataError);
    expect(() => decodeEvent({ ...stored, type: 'x.y', data: {} })).toThrow(CorruptDataError);
  });
});
