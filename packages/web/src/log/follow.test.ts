import { expect, test } from 'vitest';
import { followAfterScroll } from './follow.ts';

const view = 500;

test('scrolling up lets go, coming back to the end takes hold', () => {
  let follow = { on: true, top: 9500 };
  follow = followAfterScroll(follow, { top: 9300, height: 10_000, view }, true);
  expect(follow.on).toBe(false);
  follow = followAfterScroll(follow, { top: 9400, height: 10_000, view }, true);
  expect(follow.on).toBe(false);
  follow = followAfterScroll(follow, { top: 9490, height: 10_000, view }, true);
  expect(follow.on).toBe(true);
});

test('new lines below do not let go', () => {
  expect(followAfterScroll({ on: true, top: 9500 }, { top: 9500, height: 12_000, view }, true).on).toBe(true);
  expect(followAfterScroll({ on: true, top: 9500 }, { top: 11_000, height: 12_000, view }, true).on).toBe(true);
});

test('scrolling down without reaching the end does not take hold', () => {
  expect(followAfterScroll({ on: false, top: 100 }, { top: 5000, height: 10_000, view }, true).on).toBe(false);
});

test('a jump of the layout that nobody made does not let go', () => {
  expect(followAfterScroll({ on: true, top: 9500 }, { top: 9100, height: 10_000, view }, false).on).toBe(true);
});
