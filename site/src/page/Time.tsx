import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { localTime, pageTime } from './time'
import type { Moment } from './view'

/** How times are shown, and whether a script is in charge yet. */
export interface ClockSettings {
  zones: Record<string, string>
  local: boolean
  interactive: boolean
}

export const Clock = createContext<ClockSettings>({ zones: {}, local: false, interactive: false })

/** A moment in the chosen zone; the other one shows on hovering. */
export function Time({ at }: { at: Moment }) {
  const { zones, local, interactive } = useContext(Clock)
  const inPage = pageTime(at, zones)
  if (!interactive) return <time dateTime={at}>{inPage}</time>
  const here = localTime(at)
  return <time dateTime={at} title={local ? inPage : here}>{local ? here : inPage}</time>
}
