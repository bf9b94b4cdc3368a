import { describe, expect, it } from '@jest/globals';

import { ApprovalsParameters } from './approvals.query.js';
import { EventsParameters } from './events.query.js';
import { parseQuery } from './parameters.js';
import { TemplateParameters } from './templates.query.js';

const problemsOf = (query: object): unknown => {
  try {
    return parseQuery(ApprovalsParameters, query);
  } catch (error) {
    const { code, details } = error as { code: string; details: { problems: object[] } };
    return { code, places: details.problems.map((each) => JSON.stringify(each)) };
  }
};

describe('parseQuery', () => {
  it('fills in the usual page, and takes any case and empty parameters', () => {
    expect(parseQuery(ApprovalsParameters, {})).toEqual({ limit: 50 });
    expect(parseQuery(ApprovalsParameters, { status: 'pending', cursor: '', limit: '' })).toEqual({
      status: 'PENDING',
      limit: 50,
    });
    expect(parseQuery(EventsParameters, { limit: '1000' }).limit).toBe(1000);
    expect(parseQuery(TemplateParameters, {}).version).toBeUndefined();
    expect(parseQuery(TemplateParameters, { version: '2' }).version).toBe(2);
  });

  it('says which values there are, as they are written most', () => {
    expect(problemsOf({ status: 'foo' })).toEqual({
      code: 'query.invalid',
      places: [expect.stringMatching(/one of pending\|in_progress\|.*, in upper or lower case/)],
    });
  });

  it.each([
    [{ aprover: 'me' }, 'aprover'],
    [{ status: 'maybe' }, '/status'],
    [{ status: ['pending', 'approved'] }, '/status'],
    [{ limit: '0' }, '/limit'],
    [{ limit: '201' }, '/limit'],
    [{ limit: '1e1' }, '/limit'],
    [{ limit: '-1' }, '/limit'],
    [{ workflowId: '7' }, '/workflowId'],
    [{ approver: 'a\u0000b' }, '/approver'],
  ])('refuses %j, naming the parameter', (query, place) => {
    expect(problemsOf(query)).toEqual({
      code: 'query.invalid',
      places: [expect.stringContaining(place)],
    });
  });
});
