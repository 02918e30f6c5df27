import type { RowRule } from '../row-dataset.ts'
import { field } from '../typed-record.ts'

export const trackingRules: readonly RowRule[] = [
  field('shipment_id', 'text', 'Shipment'),
  field(
    'status',
    'category',
    'What became of it: CREATED, IN_TRANSIT, OUT_FOR_DELIVERY, DELIVERED',
  ),
  field('city', 'category', 'Where it was then'),
]
