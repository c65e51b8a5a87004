// The page in a real browser against a running server. ALLCLEAR_LOCAL names the server's
// local.json; CHROMIUM the browser, which is Debian's otherwise.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const localFile = process.env.ALLCLEAR_LOCAL
const skip = localFile ? false : 'ALLCLEAR_LOCAL is not set'
const patience = 20_000

let local
let browser

before(async () => {
  if (skip) return
  local = JSON.parse(readFileSync(localFile, 'utf8'))
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
})

after(() => browser?.close())

/** Calls the operator API and gives its answer. */
async function api(method, path, body) {
  const response = await fetch(`${local.api_url}/pages/${local.page_id}${path}`, {
    method,
    headers: { Authorization: `OAuth ${local.api_key}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const text = await response.text()
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
  return text ? JSON.parse(text) : null
}

const post = (incident) => api('POST', '/incidents', { incident })
const change = (id, incident) => api('PATCH', `/incidents/${id}`, { incident })

/** Waits until the published page.json satisfies a condition. */
async function published(condition) {
  const end = Date.now() + patience
  while (Date.now() < end) {
    const view = await (await fetch(`${local.public_url}/page.json`)).json()
    if (condition(view)) return view
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail('the change was not published')
}

/** Deletes an incident and waits until the page does not show it: the next test begins on a page that rests. */
async function remove(id) {
  await api('DELETE', `/incidents/${id}`)
  const end = Date.now() + patience
  while (Date.now() < end) {
    const page = await (await fetch(`${local.public_url}/`)).text()
    if (!page.includes(id)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail('the deletion was not published')
}

/** Opens an address, with some of its requests answered here, and gives the page with all that went wrong in it. */
async function open(t, path, { routes = {}, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  for (const [url, answer] of Object.entries(routes)) await page.route(url, answer)
  const problems = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText
    if (why !== 'net::ERR_ABORTED') problems.push(`${request.url()}: ${why}`) // the page was left meanwhile
  })
  await page.goto(local.public_url + path)
  if (options.javaScriptEnabled !== false) await page.waitForSelector('#app[data-live]', { state: 'attached', timeout: patience })
  return { page, problems }
}

async function accessibility(page) {
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() => window.axe.run())
  return violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

test('an incident that is posted appears on the open page without a reload', { skip }, async (t) => {
  const { page, problems } = await open(t, '/')
  await page.evaluate(() => (window.keptSince = 'the first load'))
  const name = `Elevated errors <script>alert(1)</script> ${Date.now()}`
  const incident = await post({ name, status: 'investigating', body: 'We look into **it**.\n<script>alert(2)</script>' })
  t.after(() => remove(incident.id))
  const shown = page.locator(`.open #incident-${incident.id}`)
  await shown.waitFor({ timeout: patience })
  assert.equal(await shown.locator('h3').textContent(), name)
  assert.match(await shown.locator('.body').first().textContent(), /We look into it\.\s*<script>alert\(2\)<\/script>/)
  await page.waitForFunction((text) => document.querySelector('.live').textContent.includes(text), name)

  await change(incident.id, { status: 'resolved', body: 'All is well.' })
  await published((view) => !view.incidents.some(({ id }) => id === incident.id))
  await page.evaluate(() => dispatchEvent(new Event('focus'))) // coming back looks at once
  await page.locator(`.recent #incident-${incident.id} .label`, { hasText: 'Resolved' }).waitFor({ timeout: patience })
  assert.equal(await page.evaluate(() => window.keptSince), 'the first load')
  assert.deepEqual(problems, [])
})

test('a change moves neither the focus nor what is being read', { skip }, async (t) => {
  const { page, problems } = await open(t, '/', { viewport: { width: 1000, height: 500 } })
  const link = page.locator('.recent .more a')
  await link.scrollIntoViewIfNeeded()
  await link.focus()
  const top = (await link.boundingBox()).y
  const incident = await post({ name: `Pushes the page down ${Date.now()}`, body: 'Line one.\n\nLine two.' })
  t.after(() => remove(incident.id))
  await published((view) => view.incidents.some(({ id }) => id === incident.id))
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await page.locator(`.open #incident-${incident.id}`).waitFor({ timeout: patience })
  assert.ok(await link.evaluate((element) => element === document.activeElement), 'the link lost the focus')
  const moved = Math.abs((await link.boundingBox()).y - top)
  assert.ok(moved < 60, `the link moved by ${moved} pixels`) // the day of the new incident grows by a line below the fold
  assert.deepEqual(problems, [])
})

test('the script takes over without changing an element', { skip }, async (t) => {
  const { page: still } = await open(t, '/', { javaScriptEnabled: false })
  const { page: live } = await open(t, '/')
  // What the script adds on purpose: the slider over the days, the other time, the button for it.
  const shape = () => {
    const elements = [...document.querySelectorAll('#app, #app *')]
    return elements.map((element) => `${element.localName}.${element.getAttribute('class')} ${element.getAttribute('data-status')}`)
  }
  assert.deepEqual(await live.evaluate(shape), await still.evaluate(shape))
})

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious in ${colorScheme}`, { skip }, async (t) => {
    const incident = await post({ name: `For the ${colorScheme} check`, body: 'With a [link](https://example.org/).' })
    t.after(() => remove(incident.id))
    await published((view) => view.incidents.some(({ id }) => id === incident.id))
    for (const path of ['/', `/incidents/${incident.id}`, '/history', `/history/${incident.created_at.slice(0, 7)}`]) {
      const { page, problems } = await open(t, path, { colorScheme, bypassCSP: true }) // axe is a script of the test
      const closed = page.locator('details:not([open]) > summary')
      while ((await closed.count()) > 0) await closed.first().click()
      assert.deepEqual(await accessibility(page), [], path)
      assert.deepEqual(problems, [], path)
    }
  })
}

test('index and incident read well without scripts', { skip }, async (t) => {
  const name = `Without scripts ${Date.now()}`
  const incident = await post({ name, status: 'identified', body: 'We found *it*.' })
  t.after(() => remove(incident.id))
  await published((view) => view.incidents.some(({ id }) => id === incident.id))

  const { page } = await open(t, '/', { javaScriptEnabled: false })
  const text = await page.locator('body').innerText()
  for (const words of ['Open incidents', name, 'Identified', 'We found it.', 'Past incidents', 'Full history']) {
    assert.ok(text.includes(words), `the index lacks ${words}`)
  }
  await page.locator(`.open #incident-${incident.id} h3 a`).click()
  assert.equal(await page.locator('h1').textContent(), name)
  assert.ok((await page.locator('.timeline').innerText()).includes('We found it.'))
  const update = await page.locator('.update').first().getAttribute('id')
  await page.locator('.update .when a').first().click()
  assert.equal(new URL(page.url()).hash, `#${update}`)
})

test('the keyboard reaches the bars and reads each day', { skip }, async (t) => {
  const { page, problems } = await open(t, '/')
  const bar = page.locator('.bar[role=slider]:visible').first()
  if ((await bar.count()) === 0) return t.skip('the page shows no uptime')
  for (let n = 0; n < 200 && !(await bar.evaluate((element) => element === document.activeElement)); n++) {
    await page.keyboard.press('Tab')
  }
  assert.ok(await bar.evaluate((element) => element === document.activeElement), 'Tab does not reach the bar')
  const today = await bar.getAttribute('aria-valuetext')
  await page.keyboard.press('ArrowLeft')
  const yesterday = await bar.getAttribute('aria-valuetext')
  assert.notEqual(yesterday, today)
  assert.ok(await page.locator('.tip').isVisible(), 'no tip shows')
  assert.ok(yesterday.startsWith(await page.locator('.tip strong').textContent()))
  await page.keyboard.press('Home')
  assert.equal(await bar.getAttribute('aria-valuenow'), '0')
  await page.keyboard.press('Escape')
  assert.equal(await page.locator('.tip').count(), 0)
  assert.deepEqual(problems, [])
})

test('nothing overflows a narrow screen, in either direction of writing', { skip }, async (t) => {
  for (const path of ['/', '/history']) {
    const { page } = await open(t, path, { viewport: { width: 320, height: 640 } })
    for (const dir of ['ltr', 'rtl']) {
      await page.evaluate((value) => (document.documentElement.dir = value), dir)
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(width <= 320, `${path} is ${width} pixels wide in ${dir}`)
    }
  }
})

test('a page that is no longer confirmed shows its age', { skip }, async (t) => {
  const old = (route) => {
    const generated = new Date(Date.now() - 11.5 * 60_000).toISOString()
    return route.fulfill({ json: { generated_at: generated } })
  }
  const { page } = await open(t, '/', { routes: { '**/heartbeat.json': old } })
  await page.evaluate(() => dispatchEvent(new Event('focus')))
  const age = page.locator('.age')
  await age.filter({ hasText: 'last confirmed 11 minutes ago' }).waitFor({ timeout: patience })
  await page.unroute('**/heartbeat.json')
  await page.route('**/*.json', (route) => route.abort())
  for (let n = 0; n < 3; n++) {
    await page.evaluate(() => dispatchEvent(new Event('focus')))
    await page.waitForTimeout(50)
  }
  await age.filter({ hasText: 'No connection' }).waitFor({ timeout: patience })
  assert.ok(await page.locator('.banner h1').isVisible())
})

test('the reader can choose the clock, and the choice is kept', { skip }, async (t) => {
  const { page, problems } = await open(t, '/', { timezoneId: 'Asia/Tokyo', locale: 'en-GB' })
  await page.getByRole('button', { name: 'Show my time' }).click()
  assert.ok((await page.locator('.zone').innerText()).includes('your time zone'))
  await page.reload()
  await page.getByRole('button', { name: /page.s time/ }).waitFor({ timeout: patience })
  assert.deepEqual(problems, [])
})
