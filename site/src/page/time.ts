// Times for people. Those in the page's zone are written as internal/page/view_time.go does, so
// that nothing moves when the script takes over.
import type { Day, Moment, Month } from './view'

const months = [
  'January', 'February', 'March', 'April', 'May', 'June',
  'July', 'August', 'September', 'October', 'November', 'December',
]

/** "Nov 23, 2026, 09:00 CET", read off the text itself, which is in the page's zone. */
export function pageTime(at: Moment, zones: Record<string, string>): string {
  return `${dayText(at.slice(0, 10))}, ${at.slice(11, 16)} ${zoneOf(at, zones)}`
}

function zoneOf(at: Moment, zones: Record<string, string>): string {
  const offset = at.slice(23)
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6))
  const east = offset.startsWith('-') ? -minutes : minutes
  return zones[String(east)] ?? `UTC${offset}`
}

/** The same moment where the reader is, in the reader's manner. */
export function localTime(at: Moment, locale?: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    ...(timeZone ? { timeZone } : {}),
  }).format(new Date(at))
}

/** "Nov 23, 2026". */
export function dayText(day: Day): string {
  return `${monthName(day).slice(0, 3)} ${Number(day.slice(8))}, ${day.slice(0, 4)}`
}

/** "November 2026". */
export function monthText(month: Month): string {
  return `${monthName(month)} ${month.slice(0, 4)}`
}

function monthName(date: Day | Month): string {
  return months[Number(date.slice(5, 7)) - 1] ?? ''
}

/** All days from one to another, both included. */
export function daysBetween(from: Day, to: Day): Day[] {
  const days: Day[] = []
  for (let t = Date.parse(from); t <= Date.parse(to); t += 86_400_000) {
    days.push(new Date(t).toISOString().slice(0, 10))
  }
  return days
}
