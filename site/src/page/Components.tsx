import { useRef } from 'preact/hooks'
import { State } from './Incident'
import { UptimeBar } from './UptimeBar'
import { daysBetween } from './time'
import type { Component as ComponentData, Day, DaySpan } from './view'
import { plural } from './words'

export function Components({ components, days }: { components: ComponentData[]; days: DaySpan }) {
  if (components.length === 0) return null
  const dates = daysBetween(days.from, days.to)
  return (
    <section class="parts" aria-labelledby="components">
      <h2 id="components">Components</h2>
      <ul class="components">
        {components.map((component) =>
          component.group ? (
            <Group key={component.id} group={component} dates={dates} />
          ) : (
            <Component key={component.id} component={component} dates={dates} />
          ),
        )}
      </ul>
    </section>
  )
}

/** A group is open while it has trouble, and from then on: it never closes under the reader. */
function Group({ group, dates }: { group: ComponentData; dates: Day[] }) {
  const open = useRef(false)
  if (group.status !== 'operational') open.current = true
  return (
    <li class="group" id={`component-${group.id}`}>
      <details open={open.current}>
        <summary class="line">
          <span class="name">{group.name} <span class="count">{plural(group.components.length, 'component')}</span></span>{' '}
          <State status={group.status} />
        </summary>
        {group.description && <p class="about">{group.description}</p>}
        <ul class="components">
          {group.components.map((component) => <Component key={component.id} component={component} dates={dates} />)}
        </ul>
      </details>
      {group.uptime && <UptimeBar name={group.name} uptime={group.uptime} dates={dates} />}
    </li>
  )
}

function Component({ component, dates }: { component: ComponentData; dates: Day[] }) {
  return (
    <li class="component" id={`component-${component.id}`}>
      <div class="line"><span class="name">{component.name}</span> <State status={component.status} /></div>
      {component.description && <p class="about">{component.description}</p>}
      {component.uptime && <UptimeBar name={component.name} uptime={component.uptime} dates={dates} />}
    </li>
  )
}
