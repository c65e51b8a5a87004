// The page that stays fresh: holds the view, its age and the reader's choice of clock.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { App } from './App'
import { Clock } from './Time'
import { ageNote, type Freshness } from './age'
import { changes } from './diff'
import { follow } from './source'
import type { View } from './view'

const choice = 'allclear-clock'

export function Live({ first }: { first: View }) {
  const [view, setView] = useState(first)
  const [interactive, setInteractive] = useState(false)
  const [local, setLocal] = useState(false)
  const [spoken, setSpoken] = useState('')
  const [age, setAge] = useState<{ text: string; since: number; now: number } | null>(null)
  const shown = useRef(first)

  useEffect(() => {
    setInteractive(true)
    setLocal(remembered() === 'local')
  }, [])

  useEffect(() => {
    const freshness: Freshness = { confirmed: null, reached: Date.now(), failures: 0 }
    let skew = 0 // the server's clock minus this one's
    const look = () => {
      const now = Date.now() + skew
      const note = ageNote(freshness, now)
      setAge(note && { ...note, now })
    }
    const stop = follow(first, {
      view(next) {
        setSpoken(changes(shown.current, next).join(' '))
        shown.current = next
        setView(next)
        if (freshness.confirmed !== null) freshness.confirmed = Math.max(freshness.confirmed, Date.parse(next.at))
      },
      reached(now) {
        skew = now - Date.now()
        freshness.reached = now
        freshness.failures = 0
        look()
      },
      confirmed(at) {
        freshness.confirmed = Math.max(at, freshness.confirmed ?? 0)
        look()
      },
      failed() {
        freshness.failures++
        look()
      },
    })
    const timer = setInterval(look, 30_000)
    return () => {
      stop()
      clearInterval(timer)
    }
  }, [])

  const clock = useMemo(() => ({ zones: view.page.zones, local, interactive }), [view.page.zones, local, interactive])
  const onToggleZone = () => {
    remember(local ? 'page' : 'local')
    setLocal(!local)
  }
  return (
    <Clock.Provider value={clock}>
      <App view={view} age={age} spoken={spoken} onToggleZone={onToggleZone} />
    </Clock.Provider>
  )
}

// A browser may refuse to store anything; then the choice lasts as long as the page.

function remembered(): string | null {
  try {
    return localStorage.getItem(choice)
  } catch {
    return null
  }
}

function remember(value: string) {
  try {
    localStorage.setItem(choice, value)
  } catch {
    // it is only for convenience
  }
}
