import { useContext, useMemo, useState } from 'preact/hooks'
import { Clock } from './Time'
import { daysOf, paths } from './bars'
import { dayText } from './time'
import type { Day, Uptime } from './view'
import { dayWord, uptimeLabel, uptimeWord } from './words'

interface UptimeBarProps {
  name: string
  uptime: Uptime
  dates: Day[]
}

/**
 * The last 90 days, one stroke each. Before the script takes over it is a picture with a sentence;
 * then it is a slider over the days: arrow keys, Page Up and Down, Home, End and the pointer move
 * along it, and what it says of a day shows above it. Escape puts it away.
 */
export function UptimeBar({ name, uptime, dates }: UptimeBarProps) {
  const { interactive } = useContext(Clock)
  const days = useMemo(() => daysOf(uptime, dates), [uptime, dates.join()])
  const drawing = useMemo(() => paths(days), [days])
  const [active, setActive] = useState<number | null>(null)
  const last = days.length - 1
  const at = days[active ?? last]
  const says = at ? `${dayText(at.date)}: ${dayWord(at.state, at.day)}` : ''

  function onKeyDown(event: KeyboardEvent) {
    const forwards = getComputedStyle(event.currentTarget as Element).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
    const from = active ?? last
    const to = {
      ArrowLeft: from + (forwards === 'ArrowLeft' ? 1 : -1),
      ArrowRight: from + (forwards === 'ArrowRight' ? 1 : -1),
      ArrowUp: from + 1,
      ArrowDown: from - 1,
      PageUp: from + 7,
      PageDown: from - 7,
      Home: 0,
      End: last,
    }[event.key]
    if (event.key === 'Escape') setActive(null)
    if (to === undefined) return
    event.preventDefault()
    setActive(Math.min(last, Math.max(0, to)))
  }

  function onPointerMove(event: PointerEvent) {
    const bar = event.currentTarget as Element
    const { left, right, width } = bar.getBoundingClientRect()
    const along = getComputedStyle(bar).direction === 'rtl' ? right - event.clientX : event.clientX - left
    setActive(Math.min(last, Math.max(0, Math.floor((along / width) * days.length))))
  }

  const slider = {
    role: 'slider' as const,
    tabIndex: 0,
    'aria-label': `${name}: ${uptimeLabel(uptime)}`,
    'aria-valuemin': 0,
    'aria-valuemax': last,
    'aria-valuenow': active ?? last,
    'aria-valuetext': says,
    onKeyDown,
    onPointerMove,
    onPointerDown: onPointerMove,
    onPointerLeave: () => setActive(null),
    onFocus: () => setActive((now) => now ?? last),
    onBlur: () => setActive(null),
  }
  const picture = { role: 'img' as const, 'aria-label': uptimeLabel(uptime) }
  return (
    <div class="uptime">
      <div class="bar" {...(interactive ? slider : picture)}>
        <svg viewBox="0 0 360 32" preserveAspectRatio="none" aria-hidden="true">
          {drawing.map(({ state, path }) => <path key={state} data-status={state} d={path} />)}
        </svg>
        {active !== null && at && (
          <>
            <span class="mark" style={{ insetInlineStart: `${(active / days.length) * 100}%` }} />
            <span
              class={`tip ${active < days.length / 2 ? 'early' : 'late'}`}
              style={{ [active < days.length / 2 ? 'insetInlineStart' : 'insetInlineEnd']: `${tipAt(active, days.length)}%` }}
              aria-hidden="true"
            >
              <strong>{dayText(at.date)}</strong>
              <span class="state" data-status={at.state}><span class="icon" />{dayWord(at.state, at.day)}</span>
            </span>
          </>
        )}
      </div>
      <p class="scale" aria-hidden="true"><span>90 days ago</span><span>{uptimeWord(uptime)}</span><span>Today</span></p>
    </div>
  )
}

/** Where a tip stands: from the start of the bar for an early day, from its end for a late one. */
function tipAt(active: number, days: number): number {
  return ((active < days / 2 ? active : days - 1 - active) / days) * 100
}
