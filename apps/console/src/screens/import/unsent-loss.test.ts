import { expect, test } from 'vitest';
import { unsentLoss } from './unsent-loss.ts';

test('leaving an import that is being sent says how much of it was accepted', () => {
  expect(unsentLoss({ isRunning: true, acceptedItems: 40 }, 1200)).toContain('40 of 1,200 backups');
});

test('leaving an import that is not being sent loses nothing', () => {
  expect(unsentLoss({ isRunning: false, acceptedItems: 40 }, 1200)).toBe(null);
  expect(unsentLoss(null, 1200)).toBe(null);
});
