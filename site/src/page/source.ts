// The only file that fetches: it keeps a view fresh while somebody looks at it.
import { delay, serverTime } from './age'
import { addressOf, type View } from './view'

export interface Listener {
  view(view: View): void
  /** the server answered; now is its time, in ms since 1970 */
  reached(now: number): void
  /** the published state was the real one at that time of the server's, in ms since 1970 */
  confirmed(at: number): void
  failed(): void
}

const heartbeat = '/heartbeat.json'
const timeout = 10_000
const everyHeartbeat = 60_000

/** How often a view can change: one that is over hardly does. */
function pace(view: View): number {
  if (view.kind === 'index') return 10_000
  const open = view.kind === 'incident' && !['resolved', 'postmortem', 'completed'].includes(view.incident.status)
  return open ? 10_000 : 60_000
}

/** Reads a view again and again while the page is visible, and at once when it becomes so. */
export function follow(first: View, listener: Listener): () => void {
  let seq = first.seq
  let every = pace(first)
  const stops = [
    poll(addressOf(first), () => every, listener, (text) => {
      const view = JSON.parse(text) as View
      if (view.seq < seq) return // an older copy, from another cache
      seq = view.seq
      every = pace(view)
      listener.view(view)
    }),
    poll(heartbeat, () => everyHeartbeat, listener, (text) => {
      const at = Date.parse((JSON.parse(text) as { generated_at: string }).generated_at)
      if (!Number.isNaN(at)) listener.confirmed(at)
    }),
  ]
  return () => stops.forEach((stop) => stop())
}

function poll(url: string, every: () => number, listener: Listener, take: (text: string) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let etag: string | null = null
  let failures = 0
  let busy = false

  async function read() {
    // Asks the server each time; an unchanged document comes from the browser's own copy.
    const answer = await fetch(url, { cache: 'no-cache', signal: AbortSignal.timeout(timeout) })
    if (answer.status === 404) return
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
    listener.reached(serverTime(answer.headers) ?? Date.now())
    const tag = answer.headers.get('etag')
    if (tag !== null && tag === etag) return
    take(await answer.text())
    etag = tag
  }

  async function turn() {
    clearTimeout(timer)
    if (busy || document.visibilityState === 'hidden') return
    busy = true
    try {
      await read()
      failures = 0
    } catch {
      failures++
      listener.failed()
    }
    busy = false
    timer = setTimeout(turn, delay(every(), failures, Math.random()))
  }

  const wake = () => void turn()
  const shown = (event: PageTransitionEvent) => event.persisted && void turn()
  document.addEventListener('visibilitychange', wake)
  addEventListener('focus', wake)
  addEventListener('online', wake)
  addEventListener('pageshow', shown)
  timer = setTimeout(turn, delay(1_000, 0, Math.random()))
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', wake)
    removeEventListener('focus', wake)
    removeEventListener('online', wake)
    removeEventListener('pageshow', shown)
  }
}
