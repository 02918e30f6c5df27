export { createSqsClient } from '@silversmith/aws'
export { checkupOf } from './checkup.ts'
