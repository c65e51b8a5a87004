// Go renders each page with the view inside; the components must make the same elements from it,
// or the page would move when the script takes over.
import { renderToString } from 'preact-render-to-string'
import { describe, expect, test } from 'vitest'
import { App } from './App'
import { Clock } from './Time'
import { golden } from './goldens'
import type { View } from './view'

const pages = [
  'index.html',
  'history.html',
  'history/2026-03.html',
  'history/2026-11.html',
  'incidents/inpayments01.html',
  'incidents/mnsearch0001.html',
]

describe('the components make what Go made', () => {
  test.each(pages)('%s', (name) => {
    const html = together(golden(name).replace(/<head>.*<\/head>/s, ''))
    const page = new DOMParser().parseFromString(html, 'text/html')
    const view = JSON.parse(page.getElementById('state')?.textContent ?? '') as View
    const app = document.createElement('div')
    app.innerHTML = together(
      renderToString(
        <Clock.Provider value={{ zones: view.page.zones, local: false, interactive: false }}>
          <App view={view} />
        </Clock.Provider>,
      ),
    )
    const published = page.getElementById('app')
    expect(published).not.toBeNull()
    expect(lines(app)).toEqual(lines(published as Element))
  })
})

/** The goldens have line breaks between all tags, the pages only some in the texts of updates. */
function together(html: string): string {
  return html.replaceAll('>\n<', '><')
}

/** An element's content, one line per tag or text, attributes sorted. */
function lines(element: Element): string[] {
  const list: string[] = []
  element.normalize()
  for (const node of element.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) list.push(node.textContent ?? '')
    if (node.nodeType !== Node.ELEMENT_NODE) continue
    const child = node as Element
    const attributes = [...child.attributes].map(({ name, value }) => `${name}=${value}`).sort()
    list.push([`<${child.localName}`, ...attributes].join(' '), ...lines(child), `</${child.localName}`)
  }
  return list
}
