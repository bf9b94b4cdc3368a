import {
  AppError,
  conflict,
  CorruptDataError,
  type ErrorKind,
  invalid,
  rule,
  unauthenticated,
  unavailable,
} from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';
import { HttpException, NotFoundException } from '@nestjs/common';

import { toProblem } from './problem.js';

const withCode = (message: string, code: string): Error =>
  Object.assign(new Error(message), { code });

describe('toProblem', () => {
  it.each<[ErrorKind, number]>([
    ['invalid', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['conflict', 409],
    ['rule', 422],
    ['unavailable', 503],
  ])('gives %s the status %d', (kind, status) => {
    const { status: sent, body } = toProblem(new AppError(kind, 'thing.reason', 'because'));
    expect(sent).toBe(status);
    expect(body).toMatchObject({ status, code: 'thing.reason', detail: 'because' });
    expect(body).toMatchObject({ type: 'urn:countersign:problem:thing.reason' });
    expect(typeof body.title).toBe('string');
  });

  it('adds details, which cannot stand for the members of the document', () => {
    const details = { place: '/context/a', status: 200, code: 'nice' };
    expect(toProblem(rule('thing.reason', 'because', { details })).body).toMatchObject({
      place: '/context/a',
      status: 422,
      code: 'thing.reason',
    });
  });

  it('says how to authenticate, and when to come again', () => {
    const challenge = (code: string) =>
      toProblem(unauthenticated(code, '')).headers['www-authenticate'];
    expect(challenge('auth.token-missing')).toBe('Bearer realm="countersign"');
    expect(challenge('auth.token-invalid')).toContain('error="invalid_token"');
    const tooOld = unauthenticated('approval.reauthentication-needed', '', {
      details: { maxAgeSeconds: 300 },
    });
    expect(toProblem(tooOld).headers['www-authenticate']).toBe(
      'Bearer realm="countersign", error="insufficient_user_authentication", max_age="300"',
    );
    expect(toProblem(conflict('a.b', '')).headers).toEqual({});
    const share = toProblem(unavailable('analysis.too-many', ''));
    expect([share.status, share.headers]).toEqual([429, { 'retry-after': '1' }]);
    expect(toProblem(withCode('', '57P01')).headers).toEqual({ 'retry-after': '1' });
  });

  it('translates what the web framework refuses', () => {
    const seen = (error: Error) => {
      const { status, body } = toProblem(error);
      return [status, body.code];
    };
    expect(seen(new NotFoundException())).toEqual([404, 'http.route-not-found']);
    expect(seen(new HttpException('', 413))).toEqual([413, 'request.too-large']);
    expect(seen(new HttpException('', 415))).toEqual([415, 'request.unsupported-media-type']);
    expect(seen(Object.assign(new Error('bad'), { statusCode: 400 }))).toEqual([
      400,
      'request.malformed',
    ]);
  });

  it.each([
    withCode('connect', 'ECONNREFUSED'),
    withCode('terminating', '57P01'),
    withCode('no such table yet', '42P01'),
    withCode('no such column yet', '42703'),
    new Error('Connection terminated unexpectedly'),
  ])('calls a database that is away unavailable: %s', (error) => {
    expect(toProblem(error)).toMatchObject({
      status: 503,
      body: { code: 'read-model.unavailable' },
    });
  });

  it.each([
    new Error('secret'),
    new CorruptDataError('secret', 'secret'),
    withCode('secret', '42883'),
    Object.assign(new Error('secret'), { statusCode: 500 }),
    'secret',
    undefined,
  ])('tells nothing of what nobody foresaw: %s', (error) => {
    const { status, body } = toProblem(error);
    expect([status, body.code]).toEqual([500, 'internal.error']);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('keeps the message of a refusal', () => {
    expect(toProblem(invalid('a.b', 'because of this')).body.detail).toBe('because of this');
  });
});
