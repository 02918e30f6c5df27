import { createTypedDataset } from '../typed-record.ts'
import { shipmentRules } from './rules.ts'

export const shipments = createTypedDataset({
  name: 'shipments',
  version: 1,
  description: 'Shipments as they were created, one row each',
  rules: shipmentRules,
  orderBy: ['shipment_id', 'timestamp'],
})
