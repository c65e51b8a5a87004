// The shapes that the page inlines and publishes as JSON; internal/page/view.go explains them.

export type ComponentState =
  | 'operational'
  | 'under_maintenance'
  | 'degraded_performance'
  | 'partial_outage'
  | 'major_outage'
export type DayState = ComponentState | 'no_data'
export type Impact = 'none' | 'maintenance' | 'minor' | 'major' | 'critical'
export type IncidentStatus =
  | 'investigating'
  | 'identified'
  | 'monitoring'
  | 'resolved'
  | 'postmortem'
  | 'scheduled'
  | 'in_progress'
  | 'verifying'
  | 'completed'

/** ISO 8601 with milliseconds, in the page's time zone. */
export type Moment = string

/** "YYYY-MM-DD" in the page's time zone. */
export type Day = string

/** "YYYY-MM" in the page's time zone. */
export type Month = string

/** HTML, sanitised by the server. */
export type SafeHTML = string

export interface Masthead {
  id: string
  name: string
  title: string
  url: string
  time_zone: string
  headline: string
  description: string
  website: string
  support: string
  feeds: boolean
  subscribe: boolean
  subscribe_incidents: boolean
  zones: Record<string, string>
}

interface Head {
  page: Masthead
  seq: number
  at: Moment
}

export interface IndexView extends Head {
  kind: 'index'
  banner: Banner
  status: { indicator: Impact; description: string }
  components: Component[]
  incidents: Incident[]
  maintenances: Incident[]
  recent: RecentDay[]
  days: DaySpan
  first_month: Month | ''
}

export interface Banner {
  status: Impact | 'notice'
  title: string
  incident: string
  detail: string
  more: number
}

export interface DaySpan {
  from: Day
  to: Day
}

export interface Component {
  id: string
  name: string
  description: string
  status: ComponentState
  group: boolean
  components: Component[]
  uptime: Uptime | null
}

export interface Uptime {
  since: Day | ''
  percentage: number | null
  days: DayUptime[]
}

export interface DayUptime {
  date: Day
  state: DayState
  partial_outage: number
  major_outage: number
  degraded_performance: number
  under_maintenance: number
  percentage: number
}

export interface RecentDay {
  date: Day
  incidents: Incident[]
  ongoing: Reference[]
}

export interface Reference {
  id: string
  name: string
}

export interface IncidentHead {
  id: string
  name: string
  maintenance: boolean
  status: IncidentStatus
  impact: Impact
  started_at: Moment
  resolved_at: Moment | null
  scheduled_for: Moment | null
  scheduled_until: Moment | null
}

export interface Incident extends IncidentHead {
  components: Reference[]
  updates: Update[]
}

export interface Update {
  id: string
  status: IncidentStatus
  label: string
  body: SafeHTML
  at: Moment
  changes: Change[]
}

export interface Change {
  id: string
  name: string
  old: ComponentState
  new: ComponentState
}

export interface Entry extends IncidentHead {
  message: SafeHTML
  label: string
  updates: number
}

export interface IncidentView extends Head {
  kind: 'incident'
  incident: Incident
}

export interface HistoryView extends Head {
  kind: 'history'
  months: Month[]
  month: Month
  entries: Entry[]
}

export interface MonthView extends Head {
  kind: 'month'
  month: Month
  previous: Month | ''
  next: Month | ''
  entries: Entry[]
}

export type View = IndexView | IncidentView | HistoryView | MonthView

/** The document that keeps a view fresh. */
export function addressOf(view: View): string {
  switch (view.kind) {
    case 'index':
      return '/page.json'
    case 'incident':
      return `/incidents/${view.incident.id}.json`
    case 'history':
      return '/history.json'
    case 'month':
      return `/history/${view.month}.json`
  }
}
