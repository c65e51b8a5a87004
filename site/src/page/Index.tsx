import { Components } from './Components'
import { Incident, PastIncident } from './Incident'
import { dayText } from './time'
import type { Banner as BannerData, Incident as IncidentData, IndexView, RecentDay } from './view'
import { plural } from './words'

export function Index({ view }: { view: IndexView }) {
  return (
    <>
      <Banner banner={view.banner} />
      {view.page.headline && <p class="headline">{view.page.headline}</p>}
      {view.page.description && <p class="description">{view.page.description}</p>}
      <Incidents id="open" title="Open incidents" incidents={view.incidents} />
      <Incidents id="maintenances" title="Scheduled maintenance" incidents={view.maintenances} />
      <Components components={view.components} days={view.days} />
      <Recent days={view.recent} />
    </>
  )
}

function Banner({ banner }: { banner: BannerData }) {
  return (
    <section class="banner" data-status={banner.status}>
      <span class="icon" aria-hidden="true" />
      <div>
        <h1>
          {banner.incident ? <a href={`/incidents/${banner.incident}`}>{banner.title}</a> : banner.title}
        </h1>
        {banner.detail && <p class="detail">{banner.detail}</p>}
        {banner.more > 0 && <p class="detail">and {plural(banner.more, 'other open incident')}</p>}
      </div>
    </section>
  )
}

function Incidents({ id, title, incidents }: { id: string; title: string; incidents: IncidentData[] }) {
  if (incidents.length === 0) return null
  return (
    <section class={id} aria-labelledby={id} key={id}>
      <h2 id={id}>{title}</h2>
      {incidents.map((incident) => <Incident key={incident.id} incident={incident} />)}
    </section>
  )
}

function Recent({ days }: { days: RecentDay[] }) {
  return (
    <section class="recent" aria-labelledby="recent">
      <h2 id="recent">Past incidents</h2>
      {days.map(({ date, incidents, ongoing }) => (
        <section class="day" key={date}>
          <h3><time dateTime={date}>{dayText(date)}</time></h3>
          {ongoing.map(({ id, name }) => (
            <p class="ongoing" key={id}><a href={`#incident-${id}`}>{name}</a> – ongoing</p>
          ))}
          {incidents.map((incident) => <PastIncident key={incident.id} incident={incident} />)}
          {incidents.length + ongoing.length === 0 && <p class="nothing">No incidents reported.</p>}
        </section>
      ))}
      <p class="more"><a href="/history">Full history</a></p>
    </section>
  )
}
