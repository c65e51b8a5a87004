// What to say to somebody who cannot see that the page changed.
import type { Component, Incident, View } from './view'
import { componentWord, plural } from './words'

const most = 3 // sentences before they are only counted

/** Sentences about what is new in a view; none when nothing worth saying is. */
export function changes(before: View, after: View): string[] {
  if (before.kind === 'incident' && after.kind === 'incident') {
    return incidentChanges([before.incident], [after.incident])
  }
  if (before.kind !== 'index' || after.kind !== 'index') return []
  const told = [
    ...incidentChanges(
      [...before.incidents, ...before.maintenances],
      [...after.incidents, ...after.maintenances],
    ),
    ...closed(before.incidents, after.incidents),
  ]
  const states = stateChanges(before.components, after.components)
  told.push(...(states.length > most ? [`${plural(states.length, 'component')} changed state.`] : states))
  if (before.status.description !== after.status.description) {
    told.unshift(`Status: ${after.status.description}.`)
  }
  return told
}

function incidentChanges(before: Incident[], after: Incident[]): string[] {
  const known = new Map(before.map((incident) => [incident.id, incident]))
  return after.flatMap((incident) => {
    const old = known.get(incident.id)
    if (!old) return [`New: ${incident.name}.`]
    const newest = incident.updates[0]
    if (!newest || old.updates.some((update) => update.id === newest.id)) return []
    return [`${incident.name}: ${newest.label}.`]
  })
}

function closed(before: Incident[], after: Incident[]): string[] {
  const open = new Set(after.map((incident) => incident.id))
  return before.flatMap((incident) => (open.has(incident.id) ? [] : [`No longer open: ${incident.name}.`]))
}

function stateChanges(before: Component[], after: Component[]): string[] {
  const old = new Map(leaves(before).map((component) => [component.id, component.status]))
  return leaves(after).flatMap(({ id, name, status }) => {
    const was = old.get(id)
    return was && was !== status ? [`${name}: ${componentWord[status]}.`] : []
  })
}

function leaves(components: Component[]): Component[] {
  return components.flatMap((component) => (component.group ? component.components : [component]))
}
