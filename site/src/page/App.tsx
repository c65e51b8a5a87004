// The page around what it shows. On the first rendering every component makes the elements that
// internal/page/html_*.go made, so that nothing moves when the script takes over.
import { useContext } from 'preact/hooks'
import { Clock } from './Time'
import { History, MonthPage } from './History'
import { IncidentPage } from './Incident'
import { Index } from './Index'
import { ago } from './age'
import type { View } from './view'

export interface AppProps {
  view: View
  /** what to admit about the page's age, null for nothing */
  age?: { text: string; since: number; now: number } | null
  /** what to tell somebody who cannot see a change */
  spoken?: string
  onToggleZone?: () => void
}

export function App({ view, age = null, spoken = '', onToggleZone }: AppProps) {
  return (
    <>
      <a class="skip" href="#main">Skip to content</a>
      <header class="top">
        <a class="brand" href="/">{view.page.title}</a>
        <nav aria-label="Pages">
          <a href="/">Status</a> <a href="/history">History</a>
          {view.page.subscribe && <> <a href="/subscribe">Subscribe to updates</a></>}
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        <p class="age" hidden={age === null}>{age && `${age.text} ${ago(age.since, age.now)}.`}</p>
        <Main view={view} />
      </main>
      <Footer view={view} onToggleZone={onToggleZone} />
      <div class="live" aria-live="polite">{spoken}</div>
    </>
  )
}

function Main({ view }: { view: View }) {
  switch (view.kind) {
    case 'index':
      return <Index view={view} />
    case 'incident':
      return <IncidentPage incident={view.incident} subscribable={view.page.subscribe_incidents} />
    case 'history':
      return <History view={view} />
    case 'month':
      return <MonthPage view={view} />
  }
}

function Footer({ view, onToggleZone }: { view: View; onToggleZone: (() => void) | undefined }) {
  const { page } = view
  const { local, interactive } = useContext(Clock)
  return (
    <footer class="bottom">
      <ul class="links">
        {page.feeds && <li><a href="/history.atom">Atom feed</a></li>}
        {page.feeds && <li><a href="/history.rss">RSS feed</a></li>}
        <li><a href="/history.ics">Calendar</a></li>
        {page.support && <li><a href={page.support}>Support</a></li>}
        {page.website && <li><a href={page.website}>{page.name}</a></li>}
      </ul>
      <p class="zone">
        Times are in {local ? 'your time zone' : page.time_zone}.{' '}
        <button type="button" class="quiet" hidden={!interactive} onClick={onToggleZone}>
          {local ? 'Show the page’s time' : 'Show my time'}
        </button>
      </p>
    </footer>
  )
}
