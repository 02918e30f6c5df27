import { createTypedDataset } from '../typed-record.ts'
import { invoiceRules } from './rules.ts'

export const invoiceLines = createTypedDataset({
  name: 'invoice_lines',
  version: 1,
  description: 'Lines of invoices, one row each',
  rules: invoiceRules,
  orderBy: ['invoice_id', 'timestamp'],
})
