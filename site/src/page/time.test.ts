import { expect, test } from 'vitest'
import { dayText, daysBetween, localTime, monthText, pageTime } from './time'

test('a time is shown as the page wrote it, with the name of its zone', () => {
  const zones = { '60': 'CET', '120': 'CEST', '0': 'UTC', '-210': 'NST' }
  expect(pageTime('2026-11-23T09:05:00.000+01:00', zones)).toBe('Nov 23, 2026, 09:05 CET')
  expect(pageTime('2026-07-01T00:00:59.999+02:00', zones)).toBe('Jul 1, 2026, 00:00 CEST')
  expect(pageTime('2026-11-23T09:05:00.000Z', zones)).toBe('Nov 23, 2026, 09:05 UTC')
  expect(pageTime('2026-11-23T09:05:00.000-03:30', zones)).toBe('Nov 23, 2026, 09:05 NST')
})

test('an offset without a name is shown as a number', () => {
  expect(pageTime('2026-11-23T09:05:00.000+05:45', {})).toBe('Nov 23, 2026, 09:05 UTC+05:45')
})

test('a time is the same moment where the reader is', () => {
  const text = localTime('2026-11-23T23:30:00.000-08:00', 'en-GB', 'Asia/Tokyo')
  expect(text).toContain('24 Nov 2026')
  expect(text).toContain('16:30')
})

test('days and months have names', () => {
  expect(dayText('2026-05-03')).toBe('May 3, 2026')
  expect(monthText('2026-12')).toBe('December 2026')
})

test('days go on over the ends of months and the change of the clocks', () => {
  expect(daysBetween('2026-10-24', '2026-10-26')).toEqual(['2026-10-24', '2026-10-25', '2026-10-26'])
  expect(daysBetween('2026-08-26', '2026-11-23')).toHaveLength(90)
})
