// Takes over the page that came with the state in it.
import { hydrate } from 'preact'
import { Live } from './Live'
import icon from './icon.svg'
import './page.css'
import type { View } from './view'

const state = document.getElementById('state')?.textContent
const app = document.getElementById('app')
if (state && app) {
  hydrate(<Live first={JSON.parse(state) as View} />, app)
  app.dataset.live = ''
}

/** Named here so that the build's manifest lists it; the HTML links to it. */
export { icon }
