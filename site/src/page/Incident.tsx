import { Time } from './Time'
import type { ComponentState, Incident as IncidentData, IncidentHead, Reference, Update } from './view'
import { componentWord, impactWord, incidentWord } from './words'

/** An open incident or maintenance on the index page. */
export function Incident({ incident }: { incident: IncidentData }) {
  return (
    <article class="incident" id={`incident-${incident.id}`} data-status={incident.impact}>
      <header>
        <h3><a href={`/incidents/${incident.id}`}>{incident.name}</a></h3>
        <Tag incident={incident} />
        <Span incident={incident} />
        <Affected components={incident.components} />
      </header>
      <ol class="timeline">
        {incident.updates.map((update) => (
          <li class="update" id={`update-${update.id}`} data-status={update.status} key={update.id}>
            <h4 class="label">{update.label}</h4>
            <Body html={update.body} />
            <Changes update={update} />
            <p class="when"><Time at={update.at} /></p>
          </li>
        ))}
      </ol>
    </article>
  )
}

/** One that is over, among the past incidents of the index page. */
export function PastIncident({ incident }: { incident: IncidentData }) {
  return (
    <article class="incident" id={`incident-${incident.id}`} data-status={incident.impact}>
      <header>
        <h4><a href={`/incidents/${incident.id}`}>{incident.name}</a></h4>
        <Tag incident={incident} />
      </header>
      <ol class="timeline">
        {incident.updates.map((update) => (
          <li class="update" data-status={update.status} key={update.id}>
            <h5 class="label">{update.label}</h5>
            <Body html={update.body} />
            <p class="when"><Time at={update.at} /></p>
          </li>
        ))}
      </ol>
    </article>
  )
}

/** A page of its own, with a permanent link to each update and, until it is over, the way to be told of more. */
export function IncidentPage({ incident, subscribable }: { incident: IncidentData; subscribable: boolean }) {
  return (
    <>
      <article class="incident alone" id={`incident-${incident.id}`} data-status={incident.impact}>
        <header>
          <p class="kind">{incident.maintenance ? 'Scheduled maintenance' : 'Incident'}</p>
          <h1>{incident.name}</h1>
          <p class="facts">
            <span class="status" data-status={incident.status}>{incidentWord[incident.status]}</span>{' '}
            <Tag incident={incident} />
          </p>
          <Span incident={incident} />
          <Affected components={incident.components} />
        </header>
        <h2>Updates</h2>
        <ol class="timeline">
          {incident.updates.map((update) => (
            <li class="update" id={`update-${update.id}`} data-status={update.status} key={update.id}>
              <h3 class="label">{update.label}</h3>
              <Body html={update.body} />
              <Changes update={update} />
              <p class="when"><a href={`#update-${update.id}`}><Time at={update.at} /></a></p>
            </li>
          ))}
        </ol>
      </article>
      {subscribable && incident.resolved_at === null && (
        <p class="more"><a href={`/subscribe?incident=${incident.id}`}>Get updates on this by mail or webhook</a></p>
      )}
      <p class="more"><a href="/history">Full history</a></p>
    </>
  )
}

export function Tag({ incident }: { incident: IncidentHead }) {
  return (
    <span class="tag" data-status={incident.impact}>
      <span class="icon" aria-hidden="true" />
      {impactWord[incident.impact]}
    </span>
  )
}

/** From when to when. */
export function Span({ incident }: { incident: IncidentHead }) {
  const { started_at, resolved_at, scheduled_for, scheduled_until } = incident
  if (scheduled_for && scheduled_until) {
    return <p class="span"><Time at={scheduled_for} /> – <Time at={scheduled_until} /></p>
  }
  if (resolved_at) return <p class="span"><Time at={started_at} /> – <Time at={resolved_at} /></p>
  return <p class="span">Since <Time at={started_at} /></p>
}

/** Words that the server has sanitised, and nothing else, may come here. */
export function Body({ html }: { html: string }) {
  return <div class="body" dangerouslySetInnerHTML={{ __html: html }} />
}

export function State({ status }: { status: ComponentState }) {
  return (
    <span class="state" data-status={status}>
      <span class="icon" aria-hidden="true" />
      {componentWord[status]}
    </span>
  )
}

function Affected({ components }: { components: Reference[] }) {
  if (components.length === 0) return null
  return (
    <p class="affected">
      Affects{' '}
      {components.map(({ id, name }, n) => <>{n > 0 && ', '}<span key={id}>{name}</span></>)}
    </p>
  )
}

function Changes({ update }: { update: Update }) {
  if (update.changes.length === 0) return null
  return (
    <ul class="changes">
      {update.changes.map((change) => (
        <li key={change.id}>{change.name}: <State status={change.old} /> → <State status={change.new} /></li>
      ))}
    </ul>
  )
}
