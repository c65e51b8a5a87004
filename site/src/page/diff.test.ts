import { expect, test } from 'vitest'
import { changes } from './diff'
import { golden } from './goldens'
import type { IndexView, IncidentView } from './view'

const read = <T>(name: string) => JSON.parse(golden(name)) as T
const index = () => read<IndexView>('page.json')

test('a view that only got newer says nothing', () => {
  expect(changes(index(), { ...index(), seq: 999 })).toEqual([])
})

test('a new incident and the new status are told, the status first', () => {
  const before = index()
  before.incidents = []
  before.status = { indicator: 'none', description: 'All Systems Operational' }
  expect(changes(before, index())).toEqual([
    'Status: Minor Service Outage.',
    'New: Card payments fail for some customers.',
  ])
})

test('a new update is told by its label, an edited one is not', () => {
  const after = index()
  after.incidents[0]!.updates.unshift({ ...after.incidents[0]!.updates[0]!, id: 'new', label: 'Monitoring' })
  after.maintenances[0]!.updates[0]!.body = 'edited'
  expect(changes(index(), after)).toEqual(['Card payments fail for some customers: Monitoring.'])
})

test('an incident that is over is told', () => {
  const after = index()
  after.incidents = []
  expect(changes(index(), after)).toEqual(['No longer open: Card payments fail for some customers.'])
})

test('components are told by name while they are few', () => {
  const after = index()
  after.components[0]!.status = 'major_outage'
  expect(changes(index(), after)).toEqual(['Website: Major outage.'])
  for (const component of after.components.flatMap((c) => (c.group ? c.components : [c]))) {
    component.status = 'degraded_performance'
  }
  expect(changes(index(), after)).toEqual(['7 components changed state.'])
})

test('the page of an incident tells its new update', () => {
  const before = read<IncidentView>('incidents/inpayments01.json')
  const after = structuredClone(before)
  before.incident.updates.shift()
  expect(changes(before, after)).toEqual(['Card payments fail for some customers: Identified.'])
})
