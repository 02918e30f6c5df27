import { type MakeRecords, sampleTime } from '../typed-sample.ts'

export const sampleTracking: MakeRecords = (dice) => [
  {
    record_type: 'tracking_events',
    event_time: sampleTime(dice),
    shipment_id: `shp_${dice.hex(12)}`,
    status: dice.pick(['CREATED', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED']),
    city: dice.pick(['Shenzhen', 'Hong Kong', 'Los Angeles', 'Chicago', 'Seattle']),
  },
]
