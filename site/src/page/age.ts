// When a page must admit that it may be old.

/** What is known about how current the page is; times in ms since 1970 by the server's clock. */
export interface Freshness {
  /** when the published state was last known to be the real one; null when nothing says so */
  confirmed: number | null
  /** when the server last answered */
  reached: number
  /** failures since then */
  failures: number
}

const tolerated = 4 * 60_000 // the heartbeat comes every minute and may be cached for some seconds

/** What to tell the reader, and since when; null while all is well. */
export function ageNote(f: Freshness, now: number): { text: string; since: number } | null {
  if (f.failures >= 2) {
    return { text: 'No connection at the moment. This page was loaded', since: f.reached }
  }
  if (f.confirmed !== null && now - f.confirmed > tolerated) {
    return { text: 'This page may be out of date. It was last confirmed', since: f.confirmed }
  }
  return null
}

/** "5 minutes ago". */
export function ago(since: number, now: number): string {
  const minutes = Math.max(0, Math.floor((now - since) / 60_000))
  if (minutes < 1) return 'less than a minute ago'
  if (minutes < 120) return minutes === 1 ? '1 minute ago' : `${minutes} minutes ago`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`
}

/** The server's time when an answer was made, by its headers; a cache adds how old it is. */
export function serverTime(headers: Headers): number | null {
  const date = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(date)) return null
  return date + (Number(headers.get('age')) || 0) * 1000
}

/** How long to wait after some failures: doubled each time, at most two minutes, with jitter. */
export function delay(every: number, failures: number, random: number): number {
  const wait = Math.min(every * 2 ** Math.min(failures, 10), Math.max(every, 120_000))
  return Math.round(wait * (0.8 + 0.4 * random))
}
