import { Body, Span, Tag } from './Incident'
import { monthText } from './time'
import type { Entry, HistoryView, Month, MonthView } from './view'
import { plural } from './words'

/** The current month and a way to all others. */
export function History({ view }: { view: HistoryView }) {
  return (
    <>
      <h1>History</h1>
      <section aria-labelledby="month">
        <h2 id="month"><a href={`/history/${view.month}`}>{monthText(view.month)}</a></h2>
        <Entries entries={view.entries} month={view.month} />
      </section>
      <section class="months" aria-labelledby="months">
        <h2 id="months">All months</h2>
        {years(view.months).map(({ year, months }) => (
          <>
            <h3>{year}</h3>
            <ul>{months.map((month) => <li key={month}><a href={`/history/${month}`}>{monthText(month)}</a></li>)}</ul>
          </>
        ))}
      </section>
    </>
  )
}

/** One month. */
export function MonthPage({ view }: { view: MonthView }) {
  return (
    <>
      <h1>History</h1>
      <section aria-labelledby="month">
        <h2 id="month">{monthText(view.month)}</h2>
        <Entries entries={view.entries} month={view.month} />
      </section>
      <nav class="pager" aria-label="Months">
        {view.previous && <a rel="prev" href={`/history/${view.previous}`}>← {monthText(view.previous)}</a>}
        {view.previous && ' '}
        <a href="/history">All months</a>
        {view.next && ' '}
        {view.next && <a rel="next" href={`/history/${view.next}`}>{monthText(view.next)} →</a>}
      </nav>
    </>
  )
}

function Entries({ entries, month }: { entries: Entry[]; month: Month }) {
  if (entries.length === 0) {
    return <p class="nothing">No incidents or maintenances in {monthText(month)}.</p>
  }
  return (
    <ol class="entries">
      {entries.map((entry) => (
        <li class="entry" id={`incident-${entry.id}`} data-status={entry.impact} key={entry.id}>
          <h3><a href={`/incidents/${entry.id}`}>{entry.name}</a></h3>
          <Tag incident={entry} />
          <Span incident={entry} />
          {entry.updates > 0 && (
            <>
              <div class="latest"><h4 class="label">{entry.label}</h4><Body html={entry.message} /></div>
              <p class="more">
                <a href={`/incidents/${entry.id}`}>
                  {plural(entry.updates, 'update')}<span class="hidden"> about {entry.name}</span>
                </a>
              </p>
            </>
          )}
        </li>
      ))}
    </ol>
  )
}

function years(months: Month[]): { year: string; months: Month[] }[] {
  const list: { year: string; months: Month[] }[] = []
  for (const month of months) {
    const year = month.slice(0, 4)
    if (list.at(-1)?.year !== year) list.push({ year, months: [] })
    list.at(-1)?.months.push(month)
  }
  return list
}
