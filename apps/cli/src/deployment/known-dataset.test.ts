import { expect, it } from 'vitest'
import { needDataset } from './known-dataset.ts'
import { filterOf } from '../quarantine/quarantine-place.ts'
import { UsageError } from '../usage-error.ts'

it('refuses a dataset there is not, and names those there are', () => {
  expect(() => needDataset('raw_events')).toThrow(UsageError)
  expect(() => needDataset('raw_events')).toThrow(/no dataset raw_events; there are xapi_events,/)
  expect(() => {
    needDataset('xapi_events')
    needDataset(undefined)
  }).not.toThrow()
})

it('refuses it as a filter of the quarantine, whose answer would be that nothing is there', () => {
  const asked = { dataset: 'shipment', reason: undefined, since: undefined, until: undefined }
  expect(() => filterOf(asked, 0)).toThrow(/no dataset shipment/)
  expect(filterOf({ ...asked, dataset: 'shipments' }, 0)).toMatchObject({ dataset: 'shipments' })
})
