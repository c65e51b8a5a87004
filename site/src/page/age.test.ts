import { expect, test } from 'vitest'
import { ageNote, ago, delay, serverTime } from './age'

const now = Date.parse('2026-11-23T12:00:00Z')
const minutes = (n: number) => now - n * 60_000

test('a page that was confirmed lately says nothing about its age', () => {
  expect(ageNote({ confirmed: minutes(3), reached: now, failures: 0 }, now)).toBeNull()
})

test('a page that nobody confirmed for minutes says since when', () => {
  expect(ageNote({ confirmed: minutes(7), reached: now, failures: 0 }, now)?.since).toBe(minutes(7))
})

test('a quiet page without a heartbeat is not called old', () => {
  expect(ageNote({ confirmed: null, reached: now, failures: 0 }, now)).toBeNull()
})

test('one lost request is no reason to worry the reader, two are', () => {
  expect(ageNote({ confirmed: minutes(1), reached: minutes(1), failures: 1 }, now)).toBeNull()
  expect(ageNote({ confirmed: minutes(1), reached: minutes(1), failures: 2 }, now)?.text).toContain('No connection')
})

test('ages are told in whole units', () => {
  expect(ago(minutes(0.5), now)).toBe('less than a minute ago')
  expect(ago(minutes(1), now)).toBe('1 minute ago')
  expect(ago(minutes(119), now)).toBe('119 minutes ago')
  expect(ago(minutes(150), now)).toBe('2 hours ago')
  expect(ago(minutes(60 * 50), now)).toBe('2 days ago')
  expect(ago(now + 5_000, now)).toBe('less than a minute ago')
})

test('the time of a cached answer counts how long it lay in the cache', () => {
  const date = 'Mon, 23 Nov 2026 11:59:00 GMT'
  expect(serverTime(new Headers({ date, age: '60' }))).toBe(now)
  expect(serverTime(new Headers({ date }))).toBe(minutes(1))
  expect(serverTime(new Headers())).toBeNull()
})

test('failures make the next attempt later, up to two minutes', () => {
  expect(delay(10_000, 0, 0.5)).toBe(10_000)
  expect(delay(10_000, 0, 0)).toBe(8_000)
  expect(delay(10_000, 2, 0.5)).toBe(40_000)
  expect(delay(10_000, 50, 0.5)).toBe(120_000)
})
