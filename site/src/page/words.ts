// The words that people read; internal/words/states.go and internal/page/view_words.go have the same.
import type { DayState, DayUptime, Impact, IncidentStatus, Uptime } from './view'

export const componentWord: Record<DayState, string> = {
  operational: 'Operational',
  under_maintenance: 'Under maintenance',
  degraded_performance: 'Degraded performance',
  partial_outage: 'Partial outage',
  major_outage: 'Major outage',
  no_data: 'No data',
}

export const incidentWord: Record<IncidentStatus, string> = {
  investigating: 'Investigating',
  identified: 'Identified',
  monitoring: 'Monitoring',
  resolved: 'Resolved',
  postmortem: 'Postmortem',
  scheduled: 'Scheduled',
  in_progress: 'In progress',
  verifying: 'Verifying',
  completed: 'Completed',
}

export const impactWord: Record<Impact, string> = {
  none: 'No impact',
  maintenance: 'Maintenance',
  minor: 'Minor impact',
  major: 'Major impact',
  critical: 'Critical impact',
}

export function uptimeWord(uptime: Uptime): string {
  return uptime.percentage === null ? 'No data yet' : `${uptime.percentage}% uptime`
}

export function uptimeLabel(uptime: Uptime): string {
  if (uptime.percentage === null) return uptimeWord(uptime)
  const trouble = uptime.days.filter((day) => day.state !== 'no_data').length
  const rest =
    trouble === 0 ? 'operational every day' : `not fully operational on ${plural(trouble, 'day')}`
  return `${uptimeWord(uptime)} in the last 90 days, ${rest}`
}

/** What a day of a bar was like: "Partial outage 1 h 15 min, degraded performance 5 min". */
export function dayWord(state: DayState, day: DayUptime | undefined): string {
  if (!day || state === 'no_data') return componentWord[state]
  const parts: string[] = []
  for (const key of ['major_outage', 'partial_outage', 'degraded_performance', 'under_maintenance'] as const) {
    if (day[key] > 0) parts.push(`${componentWord[key].toLowerCase()} ${duration(day[key])}`)
  }
  const text = parts.join(', ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Seconds as "1 h 15 min"; minutes are rounded up, so that trouble never lasts no time. */
export function duration(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (hours === 0) return `${minutes} min`
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

export function plural(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`
}
