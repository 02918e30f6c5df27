import type { RowRule } from '../row-dataset.ts'
import { field } from '../typed-record.ts'

export const shipmentRules: readonly RowRule[] = [
  field('shipment_id', 'text', 'Shipment'),
  field('origin', 'category', 'Where it begins, such as the code of an airport'),
  field('destination', 'category', 'Where it goes'),
  field('carrier', 'category', 'Who carries it'),
  field('weight_kg', 'float64', 'Weight in kilograms'),
]
