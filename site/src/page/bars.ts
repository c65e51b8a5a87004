// The drawing of an uptime bar, the same as internal/page/html_bars.go makes: 4 units wide per
// day, 32 high, worse states higher.
import type { Day, DayState, DayUptime, Uptime } from './view'

export interface DayOfBar {
  date: Day
  state: DayState
  day: DayUptime | undefined
}

const states: DayState[] = [
  'no_data',
  'operational',
  'under_maintenance',
  'degraded_performance',
  'partial_outage',
  'major_outage',
]

const height: Record<DayState, number> = {
  no_data: 8,
  operational: 22,
  under_maintenance: 22,
  degraded_performance: 25,
  partial_outage: 28,
  major_outage: 32,
}

/** Every day of a bar, also those that the uptime does not mention. */
export function daysOf(uptime: Uptime, dates: Day[]): DayOfBar[] {
  const told = new Map(uptime.days.map((day) => [day.date, day]))
  return dates.map((date) => {
    const day = told.get(date)
    const known = uptime.since !== '' && date >= uptime.since
    return { date, day, state: known ? (day?.state ?? 'operational') : 'no_data' }
  })
}

/** One path for the days of each state. */
export function paths(days: DayOfBar[]): { state: DayState; path: string }[] {
  const drawn = new Map<DayState, { path: string; end: number }>()
  days.forEach(({ state }, n) => {
    const before = drawn.get(state)
    const h = height[state]
    const stroke = before ? `m${4 * (n - before.end)} ${h}v-${h}` : `M${4 * n + 2} 32v-${h}`
    drawn.set(state, { path: (before?.path ?? '') + stroke, end: n })
  })
  return states.flatMap((state) => {
    const found = drawn.get(state)
    return found ? [{ state, path: found.path }] : []
  })
}
