import type { RowRule } from '../row-dataset.ts'
import { field } from '../typed-record.ts'

/** Money is exact. An amount with more digits is rescued, not rounded. */
const amount = { decimal: { precision: 18, scale: 4 } } as const

export const invoiceRules: readonly RowRule[] = [
  field('invoice_id', 'text', 'Invoice the line belongs to'),
  field('sku', 'text', 'What was sold'),
  field('quantity', 'int64', 'How many; below 0 for what was taken back'),
  field('unit_price', amount, 'Price of one, up to 4 digits behind the point'),
  field('line_total', amount, 'Total of the line as sent, not multiplied anew'),
]
