import { type MakeRecords, sampleTime } from '../typed-sample.ts'

export const sampleInvoices: MakeRecords = (dice) => {
  const quantity = 1 + dice.below(6)
  const cents = 300 + dice.below(5_001)
  return [
    {
      record_type: 'invoice_lines',
      event_time: sampleTime(dice),
      invoice_id: `inv_${dice.hex(10)}`,
      sku: dice.pick(['SKU-001', 'SKU-002', 'SKU-003']),
      quantity,
      unit_price: cents / 100,
      line_total: (quantity * cents) / 100,
    },
  ]
}
