import { describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '@countersign/kernel';

import { event } from '../contract/given.js';
import { FeedWindow } from './feed-window.js';

function stored(position: number, category = 'a'): StoredEvent {
  return { ...event(), stream: `${category}-1`, revision: position, position: String(position) };
}

/** A window that starts after 10 and holds events at these positions. */
function windowOf(positions: readonly number[], ...bounds: [number?, number?]): FeedWindow {
  const window = new FeedWindow(...bounds);
  window.restartAt(10);
  for (const position of positions) {
    window.push(position, stored(position, position % 2 ? 'odd' : 'even'), 100);
  }
  window.trim();
  return window;
}

const positionsIn = (window: FeedWindow, after: number, filter = {}, max = 100) =>
  window.page(after, filter, max, true)?.events.map(({ position }) => Number(position));

describe('FeedWindow', () => {
  it('serves what lies after a position, from any place within', () => {
    const window = windowOf([11, 12, 15, 20]);
    expect(positionsIn(window, 10)).toEqual([11, 12, 15, 20]);
    expect(positionsIn(window, 12)).toEqual([15, 20]);
    expect(positionsIn(window, 13)).toEqual([15, 20]);
    expect(positionsIn(window, 20)).toEqual([]);
    expect(positionsIn(window, 10, { categories: ['odd'] })).toEqual([11, 15]);
  });

  it('answers how far it has looked', () => {
    const window = windowOf([11, 12, 15, 20]);
    const none = { events: [], position: '20', caughtUp: true };
    expect(window.page(10, { categories: ['none'] }, 5, true)).toEqual(none);
    expect(window.page(10, {}, 2, true)).toMatchObject({ position: '12', caughtUp: false });
    expect(window.page(10, {}, 5, false)).toMatchObject({ position: '20', caughtUp: false });
    expect(window.page(25, {}, 5, true)).toMatchObject({ events: [], position: '25' });
  });

  it('does not answer for what lies before it', () => {
    expect(windowOf([11, 12]).page(9, {}, 5, true)).toBeUndefined();
  });

  it('forgets the oldest beyond its bounds, and then does not answer for them', () => {
    for (const window of [windowOf([11, 12, 15, 20], 2), windowOf([11, 12, 15, 20], 9, 250)]) {
      expect(window.page(11, {}, 5, true)).toBeUndefined();
      expect(positionsIn(window, 12)).toEqual([15, 20]);
      expect(window.end).toBe(20);
    }
    const tiny = windowOf([11, 12], 9, 50);
    expect(tiny.page(11, {}, 5, true)).toBeUndefined();
    expect(positionsIn(tiny, 12)).toEqual([]);
  });
});
