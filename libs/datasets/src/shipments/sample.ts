import { type MakeRecords, sampleTime } from '../typed-sample.ts'

export const sampleShipments: MakeRecords = (dice) => [
  {
    record_type: 'shipments',
    event_time: sampleTime(dice),
    shipment_id: `shp_${dice.hex(12)}`,
    origin: dice.pick(['SZX', 'HKG', 'LAX', 'ORD']),
    destination: dice.pick(['SEA', 'JFK', 'SFO', 'DFW']),
    carrier: dice.pick(['UPS', 'DHL', 'FEDEX']),
    weight_kg: (1 + dice.below(3_000)) / 100,
  },
]
