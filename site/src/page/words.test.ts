import { expect, test } from 'vitest'
import { daysOf, paths } from './bars'
import { dayWord, duration } from './words'
import type { DayUptime } from './view'

const day = (change: Partial<DayUptime>): DayUptime => ({
  date: '2026-11-20',
  state: 'operational',
  partial_outage: 0,
  major_outage: 0,
  degraded_performance: 0,
  under_maintenance: 0,
  percentage: 100,
  ...change,
})

test('a day tells how long it was how bad, worst first', () => {
  expect(dayWord('operational', undefined)).toBe('Operational')
  expect(dayWord('no_data', undefined)).toBe('No data')
  expect(dayWord('major_outage', day({ major_outage: 4500, degraded_performance: 60 }))).toBe(
    'Major outage 1 h 15 min, degraded performance 1 min',
  )
})

test('trouble of seconds still lasts a minute', () => {
  expect(duration(1)).toBe('1 min')
  expect(duration(3600)).toBe('1 h')
  expect(duration(86_400)).toBe('24 h')
})

test('a bar knows days before its component, quiet days and days of trouble', () => {
  const dates = ['2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22']
  const days = daysOf(
    { since: '2026-11-20', percentage: 99, days: [day({ date: '2026-11-22', state: 'partial_outage' })] },
    dates,
  )
  expect(days.map(({ state }) => state)).toEqual(['no_data', 'operational', 'operational', 'partial_outage'])
  expect(paths(days)).toEqual([
    { state: 'no_data', path: 'M2 32v-8' },
    { state: 'operational', path: 'M6 32v-22m4 22v-22' },
    { state: 'partial_outage', path: 'M14 32v-28' },
  ])
  expect(daysOf({ since: '', percentage: null, days: [] }, dates).every(({ state }) => state === 'no_data')).toBe(true)
})
