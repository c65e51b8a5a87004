import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { golden } from './goldens'
import { follow, type Listener } from './source'
import type { IndexView } from './view'

const first = JSON.parse(golden('page.json')) as IndexView
const told = { view: vi.fn(), reached: vi.fn(), confirmed: vi.fn(), failed: vi.fn() } satisfies Listener
const fetched = vi.fn<(url: string) => Promise<Response>>()
let visible: DocumentVisibilityState
let stop: () => void

/** Lets the page be answered by a text under an entity tag; the heartbeat is not there. */
function answer(text: string, etag: string) {
  fetched.mockImplementation(async (url) =>
    url === '/page.json'
      ? new Response(text, { headers: { etag, date: 'Mon, 23 Nov 2026 14:20:31 GMT' } })
      : new Response('', { status: 404 }),
  )
}

const version = (seq: number) => JSON.stringify({ ...first, seq })
const pageReads = () => fetched.mock.calls.filter(([url]) => url === '/page.json').length

beforeEach(() => {
  vi.useFakeTimers()
  visible = 'visible'
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visible)
  vi.stubGlobal('fetch', fetched)
})

afterEach(() => {
  stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.resetAllMocks()
})

test('a newer version is handed on, an older copy is not', async () => {
  answer(version(first.seq + 1), '"b"')
  stop = follow(first, told)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(told.view).toHaveBeenCalledTimes(1)
  answer(version(first.seq), '"a"')
  await vi.advanceTimersByTimeAsync(30_000)
  expect(pageReads()).toBeGreaterThan(2)
  expect(told.view).toHaveBeenCalledTimes(1)
})

test('a document that did not change is read once', async () => {
  answer(version(first.seq + 1), '"b"')
  stop = follow(first, told)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(pageReads()).toBeGreaterThan(4)
  expect(told.view).toHaveBeenCalledTimes(1)
  expect(told.reached).toHaveBeenLastCalledWith(Date.parse('2026-11-23T14:20:31Z'))
})

test('nothing is asked while nobody looks, and at once when somebody does', async () => {
  answer(version(first.seq), '"a"')
  stop = follow(first, told)
  await vi.advanceTimersByTimeAsync(2_000)
  visible = 'hidden'
  await vi.advanceTimersByTimeAsync(20_000)
  const before = pageReads()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(pageReads()).toBe(before)
  visible = 'visible'
  document.dispatchEvent(new Event('visibilitychange'))
  expect(pageReads()).toBe(before + 1)
})

test('failures are told and make the attempts rarer', async () => {
  fetched.mockRejectedValue(new TypeError('offline'))
  stop = follow(first, told)
  await vi.advanceTimersByTimeAsync(100_000)
  expect(told.failed).toHaveBeenCalled()
  expect(pageReads()).toBeLessThan(6) // 9 or more without a pause
  expect(pageReads()).toBeGreaterThan(2)
})

test('after it was stopped nothing is asked any more', async () => {
  answer(version(first.seq), '"a"')
  stop = follow(first, told)
  stop()
  await vi.advanceTimersByTimeAsync(60_000)
  dispatchEvent(new Event('focus'))
  expect(fetched).not.toHaveBeenCalled()
})
