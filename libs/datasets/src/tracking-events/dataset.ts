import { createTypedDataset } from '../typed-record.ts'
import { trackingRules } from './rules.ts'

export const trackingEvents = createTypedDataset({
  name: 'tracking_events',
  version: 1,
  description: 'What happened to shipments on their way, one row each',
  rules: trackingRules,
  orderBy: ['shipment_id', 'timestamp'],
})
